#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/authority/common.h"
#include "server/authority/handlers.h"
#include "server/authority/names.h"
#include "server/authority/validate.h"
#include "server/base/status_macros.h"

namespace latchkey {

using storage::v1::MemberRecord;
using storage::v1::WorkspaceRecord;

std::uint64_t WriteNewMember(Mutation& m, absl::string_view workspace, absl::string_view id,
                             const v1::Member& wanted, v1::Role role, MemberRecord& record) {
  v1::Member& member = *record.mutable_member();
  member.set_name(MemberName(workspace, id));
  member.set_display_name(wanted.display_name());
  member.set_role(role);
  member.set_can_manage_apps(wanted.can_manage_apps());
  member.set_state(v1::MEMBER_STATE_ACTIVE);
  *member.mutable_create_time() = ToProto(m.now());
  record.set_generation(kFirstGeneration);
  return m.Write<MemberRecord>(storage::MemberKey(workspace, id), nullptr, record,
                               v1::ACTION_MEMBER_CREATE);
}

absl::StatusOr<v1::CreateMemberResponse> Handle(Mutation& m,
                                                const v1::CreateMemberRequest& request) {
  const auto workspace = ParseWorkspace(request.parent());
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, m.Gather(policy::Action::kMemberCreate));
  const v1::Role role =
      request.member().role() == v1::ROLE_UNSPECIFIED ? v1::ROLE_MEMBER : request.member().role();
  LATCHKEY_RETURN_IF_ERROR(
      sheet.AboutMember({workspace.value_or(""), request.member_id()}, ToPolicy(role)));
  LATCHKEY_RETURN_IF_ERROR(m.Authorize(sheet, {workspace.value_or(""), request.parent(), ""}));
  Validator validator;
  validator.Name("parent", request.parent(), workspace.has_value(), kWorkspaceForm);
  validator.Id("member_id", request.member_id());
  validator.Check(request.has_member(), "member", "is missing");
  validator.Text("member.display_name", request.member().display_name());
  validator.Enum("member.role", role);
  validator.RequestId(request.request_id());
  LATCHKEY_RETURN_IF_ERROR(validator.status());
  if (!sheet.workspace().has_value()) return ResourceNotFoundError(request.parent());
  const std::string name = MemberName(*workspace, request.member_id());
  if (sheet.member().has_value()) return ResourceExistsError(name);
  WorkspaceRecord owner_record = *sheet.workspace();
  if (owner_record.workspace().state() != v1::WORKSPACE_STATE_ACTIVE) {
    return StateConflictError(request.parent(), "suspended",
                              absl::StrCat(request.parent(), " is suspended; activate it first"));
  }
  if (role == v1::ROLE_PRIMARY_OWNER) {
    if (!owner_record.primary_owner().empty()) {
      return StateConflictError(
          request.parent(), "has a primary owner",
          absl::StrCat(request.parent(), " has a primary owner: ", owner_record.primary_owner(),
                       "; make the member an owner, then update the role"));
    }
    owner_record.set_primary_owner(request.member_id());
    m.txn().Put(storage::WorkspaceKey(*workspace), owner_record);
  }
  MemberRecord record;
  v1::CreateMemberResponse response;
  response.set_revision(
      WriteNewMember(m, *workspace, request.member_id(), request.member(), role, record));
  *response.mutable_member() = record.member();
  return response;
}

namespace {

absl::Status CheckMemberUpdate(const v1::UpdateMemberRequest& request) {
  Validator validator;
  CheckMask(request.update_mask(), {"display_name", "role", "can_manage_apps", "state"}, validator);
  validator.Text("member.display_name", request.member().display_name());
  for (const std::string& path : request.update_mask().paths()) {
    if (path == "role") {
      validator.Enum("member.role", request.member().role());
    } else if (path == "state") {
      validator.Check(request.member().state() == v1::MEMBER_STATE_ACTIVE, "member.state",
                      "takes ACTIVE only; use DeactivateMember to deactivate");
    }
  }
  validator.RequestId(request.request_id());
  return validator.status();
}

// Moves the primary ownership of `workspace` to the member `id`, who is about to be written.
absl::Status MovePrimaryOwner(Mutation& m, const std::string& workspace, const std::string& id,
                              WorkspaceRecord record) {
  const storage::Key<MemberRecord> key = storage::MemberKey(workspace, record.primary_owner());
  LATCHKEY_ASSIGN_OR_RETURN(const storage::Found<MemberRecord> before, m.txn().Get(key));
  if (before.has_value()) {
    MemberRecord after = *before;
    after.mutable_member()->set_role(v1::ROLE_OWNER);
    m.Write<MemberRecord>(key, before.get(), after);
  }
  record.set_primary_owner(id);
  m.txn().Put(storage::WorkspaceKey(workspace), record);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::UpdateMemberResponse> Handle(Mutation& m,
                                                const v1::UpdateMemberRequest& request) {
  const std::string& name = request.member().name();
  const auto id = ParseMember(name);
  const auto& paths = request.update_mask().paths();
  const bool changes_role = std::find(paths.begin(), paths.end(), "role") != paths.end();
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, m.Gather(policy::Action::kMemberUpdate));
  LATCHKEY_RETURN_IF_ERROR(
      sheet.AboutMember(id.value_or(InWorkspace{}),
                        changes_role ? ToPolicy(request.member().role()) : policy::Role::kNone));
  LATCHKEY_RETURN_IF_ERROR(m.Authorize(sheet, {id.value_or(InWorkspace{}).workspace, name, ""}));
  if (!id.has_value()) return InvalidNameError("member.name", name, kMemberForm);
  LATCHKEY_RETURN_IF_ERROR(CheckMemberUpdate(request));
  if (!sheet.member().has_value() || !sheet.workspace().has_value())
    return ResourceNotFoundError(name);
  const MemberRecord& before = *sheet.member();
  LATCHKEY_RETURN_IF_ERROR(
      CheckRevision(name, request.expected_revision(), before.member().revision()));

  MemberRecord after = before;
  for (const std::string& path : paths) {
    if (path == "display_name")
      after.mutable_member()->set_display_name(request.member().display_name());
    if (path == "can_manage_apps")
      after.mutable_member()->set_can_manage_apps(request.member().can_manage_apps());
    if (path == "state") after.mutable_member()->set_state(v1::MEMBER_STATE_ACTIVE);
    if (path == "role") after.mutable_member()->set_role(request.member().role());
  }
  const bool was_primary = before.member().role() == v1::ROLE_PRIMARY_OWNER;
  const bool is_primary = after.member().role() == v1::ROLE_PRIMARY_OWNER;
  if (was_primary && !is_primary) {
    return StateConflictError(name, "primary owner",
                              "the workspace needs a primary owner; make another member "
                              "PRIMARY_OWNER, which makes this one an owner");
  }
  if (is_primary && after.member().state() != v1::MEMBER_STATE_ACTIVE) {
    return StateConflictError(name, "deactivated",
                              "a deactivated member cannot own; reactivate it");
  }
  if (is_primary && !was_primary) {
    LATCHKEY_RETURN_IF_ERROR(MovePrimaryOwner(m, id->workspace, id->id, *sheet.workspace()));
  }
  v1::UpdateMemberResponse response;
  response.set_revision(
      m.Write<MemberRecord>(storage::MemberKey(id->workspace, id->id), &before, after));
  *response.mutable_member() = after.member();
  return response;
}

absl::StatusOr<v1::DeactivateMemberResponse> Handle(Mutation& m,
                                                    const v1::DeactivateMemberRequest& request) {
  const auto id = ParseMember(request.name());
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, m.Gather(policy::Action::kMemberDeactivate));
  LATCHKEY_RETURN_IF_ERROR(sheet.AboutMember(id.value_or(InWorkspace{}), policy::Role::kNone));
  LATCHKEY_RETURN_IF_ERROR(
      m.Authorize(sheet, {id.value_or(InWorkspace{}).workspace, request.name(), ""}));
  Validator validator;
  validator.Name("name", request.name(), id.has_value(), kMemberForm);
  validator.Text("reason", request.reason());
  validator.RequestId(request.request_id());
  LATCHKEY_RETURN_IF_ERROR(validator.status());
  if (!sheet.member().has_value()) return ResourceNotFoundError(request.name());
  const MemberRecord& before = *sheet.member();
  if (before.member().role() == v1::ROLE_PRIMARY_OWNER) {
    return StateConflictError(request.name(), "primary owner",
                              "the primary owner cannot be deactivated; make another member "
                              "PRIMARY_OWNER first");
  }
  if (before.member().state() != v1::MEMBER_STATE_ACTIVE) {
    return StateConflictError(request.name(), "deactivated",
                              absl::StrCat(request.name(), " is deactivated already"));
  }
  const storage::Key<MemberRecord> key = storage::MemberKey(id->workspace, id->id);
  MemberRecord after = before;
  after.mutable_member()->set_state(v1::MEMBER_STATE_DEACTIVATED);
  after.set_generation(before.generation() + 1);
  m.EndGeneration(key.bytes, before.generation(), v1::ACTION_MEMBER_DEACTIVATE,
                  request.reason().empty() ? "The member was deactivated." : request.reason());
  v1::DeactivateMemberResponse response;
  response.set_revision(m.Write<MemberRecord>(key, &before, after));
  *response.mutable_member() = after.member();
  return response;
}

}  // namespace latchkey
