#include "server/authority/presented_secrets.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/authority/common.h"
#include "server/authority/names.h"
#include "server/authority/tokens.h"
#include "server/authority/validate.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

absl::Status CheckForm(const v1::RevokeTokenRequest& request) {
  Validator validator;
  validator.Text("reason", request.reason());
  if (request.has_secrets()) {
    const auto& secrets = request.secrets().secrets();
    validator.Check(
        !secrets.empty() && secrets.size() <= kMaxPresentedSecrets, "secrets.secrets",
        absl::StrCat("has ", secrets.size(), " secrets; it takes 1 to ", kMaxPresentedSecrets));
    const auto is_long = [](const std::string& presented) {
      return presented.size() > secret::kMaxPresentedBytes;
    };
    const auto found = std::find_if(secrets.begin(), secrets.end(), is_long);
    if (found != secrets.end()) {
      validator.Add(absl::StrCat("secrets.secrets[", found - secrets.begin(), "]"),
                    absl::StrCat("has ", found->size(), " bytes; a secret is at most ",
                                 secret::kMaxPresentedBytes));
    }
  }
  return validator.status();
}

// Ends the token of one secret where it is alive, which it no longer is when it comes again.
absl::Status EndTokenOf(Mutation& m, absl::string_view presented, absl::string_view reason) {
  LATCHKEY_ASSIGN_OR_RETURN(const storage::Found<storage::v1::TokenRecord> record,
                            FindTokenBySecret(m.txn(), m.tools(), presented, m.now()));
  if (!record.has_value()) return absl::OkStatus();
  LATCHKEY_ASSIGN_OR_RETURN(const v1::Token published, Published(m.txn(), *record, m.now()));
  if (published.state() != v1::TOKEN_STATE_ACTIVE) return absl::OkStatus();
  LATCHKEY_RETURN_IF_ERROR(m.AuthorizeBearer(
      policy::Action::kTokenRevoke,
      {std::string(WorkspaceIdOf(published.name())), published.name(), published.app()}));
  return WriteRevocation(m, *record, v1::ACTION_TOKEN_REVOKE, reason).status();
}

}  // namespace

absl::StatusOr<v1::RevokeTokenResponse> RevokePresented(Mutation& m,
                                                        const v1::RevokeTokenRequest& request) {
  LATCHKEY_RETURN_IF_ERROR(CheckForm(request));
  if (request.has_secret()) {
    LATCHKEY_RETURN_IF_ERROR(EndTokenOf(m, request.secret(), request.reason()));
  }
  for (const std::string& presented : request.secrets().secrets()) {
    LATCHKEY_RETURN_IF_ERROR(EndTokenOf(m, presented, request.reason()));
  }
  v1::RevokeTokenResponse response;
  response.set_revision(m.txn().next_sequence() - 1);
  return response;
}

}  // namespace latchkey
