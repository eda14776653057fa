#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/authority/common.h"
#include "server/authority/handlers.h"
#include "server/authority/names.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

using storage::v1::ApprovalRequestRecord;
using storage::v1::NameRecord;

constexpr absl::Duration kRequestLife = absl::Hours(24 * 30);

// The keys that hang on a request while it is pending.
void ForgetPending(Mutation& m, const v1::ApprovalRequest& request) {
  const std::string workspace(WorkspaceIdOf(request.name()));
  m.txn().Delete(storage::PendingRequestKey(workspace, MemberPart(workspace, request.requester()),
                                            LastId(request.app())));
  m.txn().Delete(storage::RequestExpiryKey(FromProto(request.expire_time()), workspace,
                                           LastId(request.name())));
}

// Ends a pending request without its resolver's doing.
void EndRequest(Mutation& m, const ApprovalRequestRecord& before, v1::ApprovalRequestState state,
                v1::Action action, absl::string_view reason) {
  const v1::ApprovalRequest& was = before.approval_request();
  ApprovalRequestRecord after = before;
  v1::ApprovalRequest& now = *after.mutable_approval_request();
  now.set_state(state);
  now.set_resolver(m.caller().principal);
  now.set_resolution_reason(std::string(reason));
  *now.mutable_resolve_time() = ToProto(m.now());
  ForgetPending(m, was);
  m.Write<ApprovalRequestRecord>(
      storage::ApprovalRequestKey(WorkspaceIdOf(was.name()), LastId(was.name())), &before, after,
      action);
}

}  // namespace

absl::Status ExpireRequest(Mutation& m, absl::string_view name) {
  const auto id = ParseApprovalRequest(name);
  if (!id.has_value()) return absl::OkStatus();
  LATCHKEY_ASSIGN_OR_RETURN(const auto record,
                            m.txn().Get(storage::ApprovalRequestKey(id->workspace, id->id)));
  if (!record.has_value()) return absl::OkStatus();
  const v1::ApprovalRequest& request = record->approval_request();
  const bool due = request.state() == v1::APPROVAL_REQUEST_STATE_PENDING &&
                   FromProto(request.expire_time()) <= m.now();
  if (!due) return absl::OkStatus();
  LATCHKEY_RETURN_IF_ERROR(m.AuthorizeItself(policy::Action::kRequestResolve,
                                             {id->workspace, request.name(), request.app()}));
  EndRequest(m, *record, v1::APPROVAL_REQUEST_STATE_EXPIRED, v1::ACTION_REQUEST_EXPIRE,
             "Nobody resolved it in 30 days.");
  return absl::OkStatus();
}

absl::Status CheckRevision(absl::string_view name, std::uint64_t expected, std::uint64_t actual) {
  if (expected == 0 || expected == actual) return absl::OkStatus();
  return RevisionMismatchError(name, expected, actual);
}

void CheckMask(const google::protobuf::FieldMask& mask,
               std::initializer_list<absl::string_view> known, Validator& validator) {
  validator.Check(!mask.paths().empty(), "update_mask", "is empty; name the fields to change");
  for (const std::string& path : mask.paths()) {
    if (validator.full()) return;
    if (std::find(known.begin(), known.end(), path) == known.end()) {
      validator.Add("update_mask", absl::StrCat("holds a path that cannot be changed; it takes ",
                                                absl::StrJoin(known, ", ")));
    }
  }
}

namespace {

// Who asks for more takes the own request for less back, which needs nobody's approval.
void WithdrawReplaced(Mutation& m, const FactSheet& sheet, const ApprovalRequestRecord& old) {
  const policy::Action asked = m.action();
  const policy::Decision waits = m.decision();
  m.GoOnWith(policy::Action::kRequestWithdraw, sheet.DecideOwnAs(policy::Action::kRequestWithdraw));
  EndRequest(m, old, v1::APPROVAL_REQUEST_STATE_WITHDRAWN, v1::ACTION_REQUEST_WITHDRAW,
             "Replaced by a later request.");
  m.GoOnWith(asked, waits);
}

}  // namespace

absl::Status LeaveRequest(Mutation& m, const FactSheet& sheet, v1::TokenKind token_kind,
                          const Strings& scopes, absl::string_view reason) {
  const std::string& workspace = m.target().workspace;
  const std::string app(LastId(m.target().app));
  const auto pending_key =
      storage::PendingRequestKey(workspace, MemberPart(workspace, m.caller().principal), app);
  LATCHKEY_ASSIGN_OR_RETURN(const auto pending, m.txn().Get(pending_key));
  if (pending.has_value()) {
    const auto id = LastId(pending->name());
    LATCHKEY_ASSIGN_OR_RETURN(const auto old,
                              m.txn().Get(storage::ApprovalRequestKey(workspace, id)));
    // One that asks for as much is there: the caller waits for that one.
    if (old.has_value() && IsSubset(scopes, old->approval_request().scopes()) &&
        FromProto(old->approval_request().expire_time()) > m.now()) {
      // Nothing changes, so the decision is recorded like a refusal: once in a while.
      m.set_refused();
      return NeedsApprovalError(ToProto(m.action()), m.decision(), pending->name(),
                                old->approval_request().revision());
    }
    if (old.has_value()) WithdrawReplaced(m, sheet, *old);
  }
  m.set_keep_on_error();
  const std::string id = m.NewId();
  ApprovalRequestRecord record;
  v1::ApprovalRequest& request = *record.mutable_approval_request();
  request.set_name(ApprovalRequestName(workspace, id));
  request.set_requester(m.caller().principal);
  request.set_action(ToProto(m.action()));
  if (sheet.app().has_value()) request.set_app(sheet.app()->app().name());
  request.set_token_kind(token_kind);
  *request.mutable_scopes() = scopes;
  request.set_reason(std::string(reason));
  request.set_state(v1::APPROVAL_REQUEST_STATE_PENDING);
  *request.mutable_create_time() = ToProto(m.now());
  *request.mutable_expire_time() = ToProto(m.now() + kRequestLife);
  NameRecord pointer;
  pointer.set_name(request.name());
  m.txn().Put(pending_key, pointer);
  m.txn().Put(storage::RequestExpiryKey(FromProto(request.expire_time()), workspace, id), pointer);
  const std::uint64_t revision =
      m.Write<ApprovalRequestRecord>(storage::ApprovalRequestKey(workspace, id), nullptr, record);
  return NeedsApprovalError(ToProto(m.action()), m.decision(), request.name(), revision);
}

absl::Status SpendGrant(Mutation& m, const FactSheet& sheet) {
  if (m.decision().rule != "request.approved" || !sheet.grant().has_value()) {
    return absl::OkStatus();
  }
  const ApprovalRequestRecord& before = *sheet.grant();
  ApprovalRequestRecord after = before;
  after.mutable_approval_request()->set_state(v1::APPROVAL_REQUEST_STATE_USED);
  const v1::ApprovalRequest& request = before.approval_request();
  const std::string workspace(WorkspaceIdOf(request.name()));
  m.txn().Delete(storage::GrantKey(workspace, MemberPart(workspace, request.requester()),
                                   LastId(request.app())));
  m.Write<ApprovalRequestRecord>(storage::ApprovalRequestKey(workspace, LastId(request.name())),
                                 &before, after);
  return absl::OkStatus();
}

namespace {

using Resolve = v1::ResolveApprovalRequestRequest;

absl::Status CheckResolution(const Resolve& request, bool named) {
  Validator validator;
  validator.Name("name", request.name(), named, "workspaces/{id}/approvalRequests/{id}");
  validator.Enum("resolution", request.resolution());
  validator.Text("reason", request.reason());
  validator.RequestId(request.request_id());
  return validator.status();
}

v1::ApprovalRequestState StateAfter(Resolve::Resolution resolution) {
  switch (resolution) {
    case Resolve::RESOLUTION_APPROVE:
      return v1::APPROVAL_REQUEST_STATE_APPROVED;
    case Resolve::RESOLUTION_WITHDRAW:
      return v1::APPROVAL_REQUEST_STATE_WITHDRAWN;
    default:
      return v1::APPROVAL_REQUEST_STATE_DENIED;
  }
}

}  // namespace

absl::StatusOr<v1::ResolveApprovalRequestResponse> Handle(Mutation& m, const Resolve& request) {
  const auto id = ParseApprovalRequest(request.name());
  const bool withdraws = request.resolution() == Resolve::RESOLUTION_WITHDRAW;
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, m.Gather(withdraws ? policy::Action::kRequestWithdraw
                                                                : policy::Action::kRequestResolve));
  const InWorkspace where = id.value_or(InWorkspace{});
  LATCHKEY_RETURN_IF_ERROR(sheet.AboutRequest(where));
  const std::string app =
      sheet.request().has_value() ? sheet.request()->approval_request().app() : "";
  const absl::Status form = CheckResolution(request, id.has_value());
  LATCHKEY_RETURN_IF_ERROR(m.Authorize(
      sheet, {where.workspace, request.name(), app, "", id.has_value() ? absl::OkStatus() : form}));
  LATCHKEY_RETURN_IF_ERROR(form);
  if (!sheet.request().has_value()) return ResourceNotFoundError(request.name());
  const ApprovalRequestRecord& before = *sheet.request();
  const v1::ApprovalRequest& was = before.approval_request();
  if (was.state() != v1::APPROVAL_REQUEST_STATE_PENDING ||
      FromProto(was.expire_time()) <= m.now()) {
    return StateConflictError(request.name(), "not pending",
                              absl::StrCat(request.name(), " is not pending any more"));
  }
  ApprovalRequestRecord after = before;
  v1::ApprovalRequest& now = *after.mutable_approval_request();
  now.set_state(StateAfter(request.resolution()));
  now.set_resolver(m.caller().principal);
  now.set_resolution_reason(request.reason());
  *now.mutable_resolve_time() = ToProto(m.now());
  ForgetPending(m, was);
  if (now.state() == v1::APPROVAL_REQUEST_STATE_APPROVED) {
    NameRecord pointer;
    pointer.set_name(was.name());
    m.txn().Put(storage::GrantKey(where.workspace, MemberPart(where.workspace, was.requester()),
                                  LastId(was.app())),
                pointer);
  }
  v1::ResolveApprovalRequestResponse response;
  response.set_revision(m.Write<ApprovalRequestRecord>(
      storage::ApprovalRequestKey(where.workspace, where.id), &before, after));
  *response.mutable_approval_request() = after.approval_request();
  return response;
}

}  // namespace latchkey
