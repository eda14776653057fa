#include "server/authority/bulk_revocation.h"

#include <algorithm>
#include <utility>

#include "server/authority/actions.h"
#include "server/authority/common.h"
#include "server/authority/errors.h"
#include "server/authority/names.h"
#include "server/authority/tokens.h"
#include "server/authority/validate.h"
#include "server/base/status_macros.h"
#include "storage/keys.h"

namespace latchkey {
namespace {

// What google.protobuf.Timestamp takes, in seconds since 1970.
constexpr std::int64_t kFirstSecond = -62135596800;
constexpr std::int64_t kLastSecond = 253402300799;

absl::Status CheckForm(const v1::BulkRevokeTokensRequest& request) {
  Validator validator;
  const auto workspace = ParseWorkspace(request.parent());
  const auto member = ParseMember(request.member());
  validator.Name("parent", request.parent(), workspace.has_value(), kWorkspaceForm);
  validator.Name("app", request.app(), request.app().empty() || ParseApp(request.app()).has_value(),
                 kAppForm);
  validator.Name("member", request.member(),
                 request.member().empty() || (member.has_value() && workspace.has_value() &&
                                              member->workspace == *workspace),
                 "{parent}/members/{id}");
  validator.Enum("kind", request.kind(), /*or_none=*/true);
  validator.Text("label", request.label());
  const google::protobuf::Timestamp& before = request.issued_before();
  validator.Check(before.nanos() >= 0 && before.nanos() <= 999999999, "issued_before",
                  "has nanos outside 0 to 999999999");
  validator.Check(before.seconds() >= kFirstSecond && before.seconds() <= kLastSecond,
                  "issued_before", "is outside the years 1 to 9999");
  const bool narrows = !request.app().empty() || !request.member().empty() ||
                       request.kind() != v1::TOKEN_KIND_UNSPECIFIED || !request.label().empty() ||
                       request.has_issued_before();
  validator.Check(narrows != request.all(), "all",
                  narrows ? "is set beside what narrows; it takes one of both"
                          : "is not set, and nothing narrows; it must be set to end every token");
  validator.Text("reason", request.reason());
  if (!request.preview()) validator.RequestId(request.request_id());
  return validator.status();
}

}  // namespace

absl::Status FactSheet::AboutEvents(absl::string_view workspace, absl::string_view resource) {
  LATCHKEY_RETURN_IF_ERROR(AboutWorkspace(workspace));
  const auto id = ParseBulkRevocation(resource);
  if (!id.has_value() || id->workspace != workspace) return absl::OkStatus();
  LATCHKEY_ASSIGN_OR_RETURN(const auto record,
                            reader_->Get(storage::BulkRevocationKey(id->workspace, id->id)));
  facts_.own = record.has_value() && IsCaller(record->bulk_revocation().creator());
  return absl::OkStatus();
}

absl::Status AboutBulk(FactSheet& sheet, const v1::BulkRevokeTokensRequest& request) {
  const std::string workspace = ParseWorkspace(request.parent()).value_or("");
  const auto app = ParseApp(request.app());
  return app.has_value() ? sheet.AboutAppTokens(workspace, *app) : sheet.AboutWorkspace(workspace);
}

absl::StatusOr<TokenSelection> CheckBulk(const FactSheet& sheet, const storage::Reader& reader,
                                         const v1::BulkRevokeTokensRequest& request) {
  LATCHKEY_RETURN_IF_ERROR(CheckForm(request));
  TokenSelection selection;
  selection.owner.workspace = std::string(LastId(request.parent()));
  if (!sheet.workspace().has_value()) return ResourceNotFoundError(request.parent());
  // All tokens of a deleted app are dead, and it gets no new ones.
  const bool has_app = sheet.app().has_value() && !sheet.app()->app().has_delete_time();
  if (!request.app().empty() && !has_app) return ResourceNotFoundError(request.app());
  selection.app = request.app();
  if (!request.member().empty()) {
    LATCHKEY_ASSIGN_OR_RETURN(
        const auto member,
        reader.Get(storage::MemberKey(selection.owner.workspace, LastId(request.member()))));
    if (!member.has_value()) return ResourceNotFoundError(request.member());
  }
  selection.member = request.member();
  selection.kind = request.kind();
  selection.label = request.label();
  if (request.has_issued_before()) selection.issued_before = FromProto(request.issued_before());
  return selection;
}

bool IsGeneration(const TokenSelection& selection) {
  const bool whole = selection.kind == v1::TOKEN_KIND_UNSPECIFIED && selection.label.empty() &&
                     selection.issued_before == absl::InfiniteFuture();
  // The tokens of an app that speak for one member have no generation in common.
  return whole && (selection.app.empty() || selection.member.empty());
}

absl::StatusOr<std::uint64_t> GenerationOf(const storage::Reader& reader,
                                           const TokenSelection& selection) {
  if (!IsGeneration(selection)) return 0;
  const std::string& workspace = selection.owner.workspace;
  if (!selection.app.empty()) {
    return CurrentGeneration(reader,
                             {Anchor::Kind::kInstallation,
                              storage::InstallationKey(workspace, LastId(selection.app)).bytes, 0});
  }
  if (!selection.member.empty()) {
    return CurrentGeneration(
        reader,
        {Anchor::Kind::kMember, storage::MemberKey(workspace, LastId(selection.member)).bytes, 0});
  }
  return CurrentGeneration(reader,
                           {Anchor::Kind::kWorkspace, storage::WorkspaceKey(workspace).bytes, 0});
}

TokenSelection UpTo(absl::Time time, TokenSelection selection) {
  // What the preview saw may have been issued within the same microsecond.
  selection.issued_before =
      std::min(selection.issued_before, absl::FromUnixMicros(absl::ToUnixMicros(time) + 1));
  return selection;
}

TokenSelection SelectionOf(const v1::BulkRevocation& job) {
  TokenSelection selection;
  selection.owner.workspace = std::string(WorkspaceIdOf(job.name()));
  selection.app = job.app();
  selection.member = job.member();
  selection.kind = job.kind();
  selection.label = job.label();
  selection.issued_before = FromProto(job.issued_before());
  return selection;
}

bool IsDamaged(const absl::Status& status, absl::string_view what, Logger& logger) {
  if (!absl::IsDataLoss(status)) return false;
  logger.Log(LogLevel::kError, "bulk revocation passes over what is damaged",
             {{"resource", std::string(what)}, {"error", status.ToString()}});
  return true;
}

}  // namespace latchkey
