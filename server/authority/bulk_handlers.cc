#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/authority/bulk_confirmation.h"
#include "server/authority/bulk_revocation.h"
#include "server/authority/common.h"
#include "server/authority/handlers.h"
#include "server/authority/names.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

using storage::v1::BulkRevocationRecord;
using storage::v1::InstallationRecord;
using storage::v1::MemberRecord;
using storage::v1::WorkspaceRecord;

constexpr std::size_t kMaxRunning = 10;

std::string ReasonOr(absl::string_view reason) {
  return std::string(reason.empty() ? kBulkReason : reason);
}

// Ends all tokens of an app in the workspace. It stays installed.
absl::StatusOr<std::uint64_t> EndInstallation(Mutation& m, const TokenSelection& selection,
                                              absl::string_view reason) {
  const std::string& workspace = selection.owner.workspace;
  const absl::string_view app = LastId(selection.app);
  const auto key = storage::InstallationKey(workspace, app);
  LATCHKEY_ASSIGN_OR_RETURN(const auto before, m.txn().Get(key));
  // Where there is no installation, the tokens of the app hang on the first generation of one.
  InstallationRecord after = before.has_value() ? *before : NewInstallation(workspace, app);
  v1::Installation& installation = *after.mutable_installation();
  m.EndGeneration(key.bytes, installation.generation(), v1::ACTION_TOKEN_BULK_REVOKE, reason);
  installation.set_generation(installation.generation() + 1);
  return m.Write<InstallationRecord>(key, before.get(), after);
}

// Ends all tokens that speak for a member, who stays active.
absl::StatusOr<std::uint64_t> EndMember(Mutation& m, const TokenSelection& selection,
                                        absl::string_view reason) {
  const auto key = storage::MemberKey(selection.owner.workspace, LastId(selection.member));
  LATCHKEY_ASSIGN_OR_RETURN(const auto before, m.txn().Get(key));
  if (!before.has_value()) return ResourceNotFoundError(selection.member);
  MemberRecord after = *before;
  m.EndGeneration(key.bytes, before->generation(), v1::ACTION_TOKEN_BULK_REVOKE, reason);
  after.set_generation(before->generation() + 1);
  return m.Write<MemberRecord>(key, before.get(), after);
}

// Ends all tokens of the workspace, which stays active.
std::uint64_t EndWorkspace(Mutation& m, const TokenSelection& selection,
                           const WorkspaceRecord& before, absl::string_view reason) {
  const auto key = storage::WorkspaceKey(selection.owner.workspace);
  WorkspaceRecord after = before;
  m.EndGeneration(key.bytes, before.generation(), v1::ACTION_TOKEN_BULK_REVOKE, reason);
  after.set_generation(before.generation() + 1);
  return m.Write<WorkspaceRecord>(key, &before, after);
}

absl::StatusOr<std::uint64_t> EndGenerationOf(Mutation& m, const FactSheet& sheet,
                                              const TokenSelection& selection,
                                              const std::string& given_reason) {
  const std::string reason = ReasonOr(given_reason);
  if (!selection.app.empty()) return EndInstallation(m, selection, reason);
  if (!selection.member.empty()) return EndMember(m, selection, reason);
  return EndWorkspace(m, selection, *sheet.workspace(), reason);
}

absl::Status CheckRoom(Mutation& m, const std::string& workspace) {
  std::size_t running = 0;
  LATCHKEY_RETURN_IF_ERROR(
      m.txn().ForEachKey(storage::RunningBulkRevocationPrefix(workspace), [&](absl::string_view) {
        return ++running < kMaxRunning ? storage::Walk::kGoOn : storage::Walk::kStop;
      }));
  if (running < kMaxRunning) return absl::OkStatus();
  return StateConflictError(WorkspaceName(workspace), "busy",
                            absl::StrCat(WorkspaceName(workspace), " has ", running,
                                         " bulk revocations running, and takes ", kMaxRunning,
                                         "; wait until one is done, or cancel one"));
}

// Starts what Authority::Tick() then carries on.
absl::StatusOr<v1::BulkRevokeTokensResponse> Start(Mutation& m, const TokenSelection& selection,
                                                   const BulkPreview& preview,
                                                   const std::string& reason) {
  const std::string& workspace = selection.owner.workspace;
  LATCHKEY_RETURN_IF_ERROR(CheckRoom(m, workspace));
  const std::string id = m.NewId();
  BulkRevocationRecord record;
  v1::BulkRevocation& job = *record.mutable_bulk_revocation();
  job.set_name(BulkRevocationName(workspace, id));
  job.set_app(selection.app);
  job.set_member(selection.member);
  job.set_kind(selection.kind);
  job.set_label(selection.label);
  *job.mutable_issued_before() = ToProto(UpTo(preview.time, selection).issued_before);
  job.set_state(v1::BULK_REVOCATION_STATE_RUNNING);
  job.set_expected_count(preview.count);
  job.set_creator(m.Principal());
  *job.mutable_create_time() = ToProto(m.now());
  job.set_reason(reason);
  *record.mutable_actor() = ToActor(m.caller());
  *record.mutable_decision() = ToProto(m.decision());
  m.txn().Put(storage::RunningBulkRevocationKey(workspace, id));
  v1::BulkRevokeTokensResponse response;
  response.set_revision(
      m.Write<BulkRevocationRecord>(storage::BulkRevocationKey(workspace, id), nullptr, record));
  *response.mutable_bulk_revocation() = record.bulk_revocation();
  return response;
}

std::string NameOf(v1::BulkRevocationState state) {
  return absl::AsciiStrToLower(
      absl::StripPrefix(v1::BulkRevocationState_Name(state), "BULK_REVOCATION_STATE_"));
}

}  // namespace

absl::StatusOr<v1::BulkRevokeTokensResponse> Handle(Mutation& m,
                                                    const v1::BulkRevokeTokensRequest& request) {
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, m.Gather(policy::Action::kTokenBulkRevoke));
  LATCHKEY_RETURN_IF_ERROR(AboutBulk(sheet, request));
  LATCHKEY_RETURN_IF_ERROR(m.Authorize(
      sheet, {ParseWorkspace(request.parent()).value_or(""), request.parent(), request.app()}));
  LATCHKEY_ASSIGN_OR_RETURN(const TokenSelection selection, CheckBulk(sheet, m.txn(), request));
  if (request.preview()) return InvalidFieldError("preview", "is set, which changes nothing");
  LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t generation, GenerationOf(m.txn(), selection));
  LATCHKEY_ASSIGN_OR_RETURN(
      const BulkPreview preview,
      CheckConfirmation(m.tools().keyring, m.caller().principal, request, generation, m.now()));
  v1::BulkRevokeTokensResponse response;
  if (IsGeneration(selection)) {
    LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t revision,
                              EndGenerationOf(m, sheet, selection, request.reason()));
    response.set_revision(revision);
  } else {
    LATCHKEY_ASSIGN_OR_RETURN(response, Start(m, selection, preview, request.reason()));
  }
  response.set_count(preview.count);
  return response;
}

absl::StatusOr<v1::CancelBulkRevocationResponse> Handle(
    Mutation& m, const v1::CancelBulkRevocationRequest& request) {
  const auto id = ParseBulkRevocation(request.name());
  const InWorkspace where = id.value_or(InWorkspace{});
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, m.Gather(policy::Action::kTokenBulkCancel));
  LATCHKEY_RETURN_IF_ERROR(sheet.AboutWorkspace(where.workspace));
  LATCHKEY_RETURN_IF_ERROR(m.Authorize(sheet, {where.workspace, request.name(), ""}));
  Validator validator;
  validator.Name("name", request.name(), id.has_value(), kBulkRevocationForm);
  validator.Text("reason", request.reason());
  validator.RequestId(request.request_id());
  LATCHKEY_RETURN_IF_ERROR(validator.status());
  const auto key = storage::BulkRevocationKey(where.workspace, where.id);
  LATCHKEY_ASSIGN_OR_RETURN(const auto before, m.txn().Get(key));
  if (!before.has_value()) return ResourceNotFoundError(request.name());
  const v1::BulkRevocationState state = before->bulk_revocation().state();
  if (state != v1::BULK_REVOCATION_STATE_RUNNING) {
    return StateConflictError(request.name(), NameOf(state),
                              absl::StrCat(request.name(), " is ", NameOf(state), " already"));
  }
  LATCHKEY_RETURN_IF_ERROR(
      m.AimAt({where.workspace, request.name(), before->bulk_revocation().app()}));
  BulkRevocationRecord after = *before;
  after.mutable_bulk_revocation()->set_state(v1::BULK_REVOCATION_STATE_CANCELLED);
  *after.mutable_bulk_revocation()->mutable_end_time() = ToProto(m.now());
  m.txn().Delete(storage::RunningBulkRevocationKey(where.workspace, where.id));
  v1::CancelBulkRevocationResponse response;
  response.set_revision(m.Write<BulkRevocationRecord>(key, before.get(), after));
  *response.mutable_bulk_revocation() = after.bulk_revocation();
  return response;
}

}  // namespace latchkey
