#include "tools/latchkey/present_secrets.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "server/form/secret_form.h"
#include "tools/latchkey/error_report.h"

namespace latchkey::cli {
namespace {

constexpr std::size_t kLargestBatch = 1000;

v1::RevokeTokenRequest MakeRequest(absl::Span<const SecretString> secrets,
                                   const std::string& reason) {
  v1::RevokeTokenRequest request;
  request.set_reason(reason);
  if (secrets.size() == 1) {
    request.set_secret(std::string(secrets[0].Reveal()));
    return request;
  }
  for (const SecretString& secret : secrets) {
    request.mutable_secrets()->add_secrets(std::string(secret.Reveal()));
  }
  return request;
}

}  // namespace

Presented PresentSecrets(Session& session, const std::vector<SecretString>& secrets,
                         const std::string& reason) {
  Presented presented;
  while (presented.count < secrets.size()) {
    const auto batch = absl::MakeConstSpan(secrets).subspan(presented.count, kLargestBatch);
    const auto response = session.CallWithoutRequestId(MakeRequest(batch, reason));
    if (!response.ok()) {
      presented.status =
          presented.count == 0
              ? response.status()
              : WithNote(response.status(), absl::StrCat("after ", presented.count, " of ",
                                                         secrets.size(), " were presented"));
      return presented;
    }
    presented.count += batch.size();
    presented.revision = std::max(presented.revision, response->revision());
  }
  return presented;
}

bool IsOperatorSecret(absl::string_view secret) {
  return absl::ConsumePrefix(&secret, secret::kOperatorPrefix) && absl::StartsWith(secret, "_");
}

std::string PresentedSentence(const Presented& presented) {
  const std::string whom = presented.count == 1
                               ? "the secret was"
                               : absl::StrCat("the ", presented.count, " secrets were");
  return absl::StrCat("Whatever ", whom, " good for has ended, as of revision ",
                      presented.revision);
}

}  // namespace latchkey::cli
