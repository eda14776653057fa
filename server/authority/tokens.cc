#include "server/authority/tokens.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "server/authority/actions.h"
#include "server/authority/names.h"
#include "server/base/status_macros.h"
#include "storage/keys.h"

namespace latchkey {
namespace {

template <typename Record, typename Generation>
absl::StatusOr<std::uint64_t> GenerationAt(const storage::Reader& reader, const std::string& key,
                                           Generation generation, std::uint64_t otherwise = 0) {
  LATCHKEY_ASSIGN_OR_RETURN(const storage::Found<Record> record,
                            reader.Get(storage::Key<Record>{key}));
  return record.has_value() ? generation(*record) : otherwise;
}

}  // namespace

std::vector<Anchor> AnchorsOf(const storage::v1::TokenRecord& record) {
  const v1::Token& token = record.token();
  const absl::string_view workspace = WorkspaceIdOf(token.name());
  const absl::string_view app = LastId(token.app());
  std::vector<Anchor> anchors;
  // A key is made only where the token hangs on what it is of.
  const auto add = [&](Anchor::Kind kind, std::uint64_t issued, const auto& key) {
    if (issued != 0) anchors.push_back({kind, key().bytes, issued});
  };
  add(Anchor::Kind::kWorkspace, record.workspace_generation(),
      [&] { return storage::WorkspaceKey(workspace); });
  add(Anchor::Kind::kMember, record.member_generation(),
      [&] { return storage::MemberKey(workspace, LastId(token.member())); });
  add(Anchor::Kind::kApp, record.app_generation(), [&] { return storage::AppKey(app); });
  add(Anchor::Kind::kInstallation, record.installation_generation(),
      [&] { return storage::InstallationKey(workspace, app); });
  add(Anchor::Kind::kService, record.service_generation(),
      [&] { return storage::ServiceKey(LastId(token.service())); });
  return anchors;
}

absl::StatusOr<std::uint64_t> CurrentGeneration(const storage::Reader& reader,
                                                const Anchor& anchor) {
  switch (anchor.kind) {
    case Anchor::Kind::kWorkspace:
      return GenerationAt<storage::v1::WorkspaceRecord>(
          reader, anchor.key, [](const auto& record) { return record.generation(); });
    case Anchor::Kind::kMember:
      return GenerationAt<storage::v1::MemberRecord>(
          reader, anchor.key, [](const auto& record) { return record.generation(); });
    case Anchor::Kind::kApp:
      return GenerationAt<storage::v1::AppRecord>(
          reader, anchor.key, [](const auto& record) { return record.generation(); });
    case Anchor::Kind::kInstallation:
      return GenerationAt<storage::v1::InstallationRecord>(
          reader, anchor.key, [](const auto& record) { return record.installation().generation(); },
          kFirstGeneration);
    case Anchor::Kind::kService:
      return GenerationAt<storage::v1::ServiceRecord>(
          reader, anchor.key, [](const auto& record) { return record.generation(); });
  }
  return absl::InternalError("an anchor of no kind");
}

absl::StatusOr<v1::Token> Published(const storage::Reader& reader,
                                    const storage::v1::TokenRecord& record, absl::Time now) {
  v1::Token token = record.token();
  if (token.has_previous_secret_expire_time() &&
      FromProto(token.previous_secret_expire_time()) <= now) {
    token.clear_previous_secret_expire_time();
  }
  if (token.state() == v1::TOKEN_STATE_REVOKED) return token;
  for (const Anchor& anchor : AnchorsOf(record)) {
    LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t current, CurrentGeneration(reader, anchor));
    if (current == anchor.issued) continue;
    token.set_state(v1::TOKEN_STATE_REVOKED);
    LATCHKEY_ASSIGN_OR_RETURN(const auto ended,
                              reader.Get(storage::GenerationKey(anchor.key, anchor.issued)));
    // Of several ends the first counts.
    if (ended.has_value() && (!token.has_revocation() ||
                              ended->revocation().revision() < token.revocation().revision())) {
      *token.mutable_revocation() = ended->revocation();
    }
  }
  if (token.has_expire_time() && FromProto(token.expire_time()) <= now) {
    const bool expired_first = !token.has_revocation() || FromProto(token.expire_time()) <
                                                              FromProto(token.revocation().time());
    if (expired_first) {
      token.set_state(v1::TOKEN_STATE_EXPIRED);
      token.clear_revocation();
    }
  }
  return token;
}

absl::StatusOr<bool> IsActive(const storage::Reader& reader, const storage::v1::TokenRecord& record,
                              absl::Time now) {
  const v1::Token& token = record.token();
  if (token.state() == v1::TOKEN_STATE_REVOKED) return false;
  if (token.has_expire_time() && FromProto(token.expire_time()) <= now) return false;
  for (const Anchor& anchor : AnchorsOf(record)) {
    LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t current, CurrentGeneration(reader, anchor));
    if (current != anchor.issued) return false;
  }
  return true;
}

absl::Status AddLastUse(const storage::Reader& reader, v1::Token& token) {
  LATCHKEY_ASSIGN_OR_RETURN(const auto use, reader.Get(storage::LastUseKey(token.name())));
  if (use.has_value()) {
    *token.mutable_last_use_time() = ToProto(absl::UnixEpoch() + absl::Hours(use->hour()));
  }
  return absl::OkStatus();
}

std::string StateName(v1::TokenState state) {
  return absl::AsciiStrToLower(absl::StripPrefix(v1::TokenState_Name(state), "TOKEN_STATE_"));
}

}  // namespace latchkey
