#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/authority/common.h"
#include "server/authority/handlers.h"
#include "server/authority/names.h"
#include "server/authority/validate.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

using storage::v1::MemberRecord;
using storage::v1::ServiceRecord;
using storage::v1::WorkspaceRecord;

constexpr std::size_t kMaxUriSans = 8;
constexpr std::size_t kMaxUriSanBytes = 512;
// A new member of a workspace, for CreateMember and for CreateWorkspace's primary owner.
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

absl::Status CheckNewWorkspace(const v1::CreateWorkspaceRequest& request) {
  Validator validator;
  validator.Check(request.has_workspace(), "workspace", "is missing");
  validator.Text("workspace.display_name", request.workspace().display_name());
  validator.Check(v1::Plan_IsValid(request.workspace().plan()), "workspace.plan", "is no plan");
  if (!request.primary_owner_id().empty()) {
    validator.Id("primary_owner_id", request.primary_owner_id());
  }
  validator.RequestId(request.request_id());
  return validator.status();
}

}  // namespace

absl::StatusOr<v1::CreateWorkspaceResponse> Handle(Mutation& m,
                                                   const v1::CreateWorkspaceRequest& request) {
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, m.Gather(policy::Action::kWorkspaceCreate));
  const bool named = IsId(request.workspace_id());
  LATCHKEY_RETURN_IF_ERROR(
      m.Authorize(sheet, {"", named ? WorkspaceName(request.workspace_id()) : "workspaces", ""}));
  Validator validator;
  validator.Id("workspace_id", request.workspace_id());
  LATCHKEY_RETURN_IF_ERROR(validator.status());
  LATCHKEY_RETURN_IF_ERROR(CheckNewWorkspace(request));
  LATCHKEY_RETURN_IF_ERROR(sheet.AboutWorkspace(request.workspace_id()));
  const std::string name = WorkspaceName(request.workspace_id());
  if (sheet.workspace().has_value()) return ResourceExistsError(name);

  WorkspaceRecord record;
  v1::Workspace& workspace = *record.mutable_workspace();
  workspace.set_name(name);
  workspace.set_display_name(request.workspace().display_name());
  workspace.set_plan(request.workspace().plan() == v1::PLAN_UNSPECIFIED
                         ? v1::PLAN_FREE
                         : request.workspace().plan());
  workspace.set_state(v1::WORKSPACE_STATE_ACTIVE);
  *workspace.mutable_settings() = request.workspace().settings();
  *workspace.mutable_create_time() = ToProto(m.now());
  record.set_generation(kFirstGeneration);
  record.set_primary_owner(request.primary_owner_id());

  v1::CreateWorkspaceResponse response;
  // The event belongs to the workspace that it makes.
  LATCHKEY_RETURN_IF_ERROR(m.Authorize(sheet, {request.workspace_id(), name, ""}));
  response.set_revision(
      m.Write<WorkspaceRecord>(storage::WorkspaceKey(request.workspace_id()), nullptr, record));
  *response.mutable_workspace() = record.workspace();
  if (!request.primary_owner_id().empty()) {
    MemberRecord owner;
    response.set_revision(WriteNewMember(m, request.workspace_id(), request.primary_owner_id(), {},
                                         v1::ROLE_PRIMARY_OWNER, owner));
  }
  return response;
}

namespace {

absl::Status CheckWorkspaceUpdate(const v1::UpdateWorkspaceRequest& request) {
  Validator validator;
  CheckMask(request.update_mask(),
            {"display_name", "plan", "state", "settings", "settings.app_approval_required",
             "settings.guests_may_use_apps"},
            validator);
  validator.Text("workspace.display_name", request.workspace().display_name());
  for (const std::string& path : request.update_mask().paths()) {
    if (path == "plan") {
      validator.Check(request.workspace().plan() != v1::PLAN_UNSPECIFIED &&
                          v1::Plan_IsValid(request.workspace().plan()),
                      "workspace.plan", "is no plan");
    } else if (path == "state") {
      validator.Check(request.workspace().state() != v1::WORKSPACE_STATE_UNSPECIFIED &&
                          v1::WorkspaceState_IsValid(request.workspace().state()),
                      "workspace.state", "is no state; it takes ACTIVE or SUSPENDED");
    }
  }
  validator.RequestId(request.request_id());
  return validator.status();
}

void CopyMasked(const v1::UpdateWorkspaceRequest& request, v1::Workspace& to) {
  const v1::Workspace& from = request.workspace();
  for (const std::string& path : request.update_mask().paths()) {
    if (path == "display_name") to.set_display_name(from.display_name());
    if (path == "plan") to.set_plan(from.plan());
    if (path == "state") to.set_state(from.state());
    if (path == "settings") *to.mutable_settings() = from.settings();
    if (path == "settings.app_approval_required") {
      to.mutable_settings()->set_app_approval_required(from.settings().app_approval_required());
    }
    if (path == "settings.guests_may_use_apps") {
      to.mutable_settings()->set_guests_may_use_apps(from.settings().guests_may_use_apps());
    }
  }
}

}  // namespace

absl::StatusOr<v1::UpdateWorkspaceResponse> Handle(Mutation& m,
                                                   const v1::UpdateWorkspaceRequest& request) {
  const auto id = ParseWorkspace(request.workspace().name());
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, m.Gather(policy::Action::kWorkspaceUpdate));
  LATCHKEY_RETURN_IF_ERROR(sheet.AboutWorkspace(id.value_or("")));
  LATCHKEY_RETURN_IF_ERROR(m.Authorize(sheet, {id.value_or(""), request.workspace().name(), ""}));
  if (!id.has_value()) return InvalidFieldError("workspace.name", kWorkspaceForm);
  LATCHKEY_RETURN_IF_ERROR(CheckWorkspaceUpdate(request));
  if (!sheet.workspace().has_value()) return ResourceNotFoundError(request.workspace().name());
  const WorkspaceRecord& before = *sheet.workspace();
  LATCHKEY_RETURN_IF_ERROR(CheckRevision(request.workspace().name(), request.expected_revision(),
                                         before.workspace().revision()));

  WorkspaceRecord after = before;
  CopyMasked(request, *after.mutable_workspace());
  const bool suspends = before.workspace().state() == v1::WORKSPACE_STATE_ACTIVE &&
                        after.workspace().state() == v1::WORKSPACE_STATE_SUSPENDED;
  const storage::Key<WorkspaceRecord> key = storage::WorkspaceKey(*id);
  if (suspends) {
    m.EndGeneration(key.bytes, before.generation(), v1::ACTION_WORKSPACE_UPDATE,
                    "The workspace was suspended.");
    after.set_generation(before.generation() + 1);
  }
  v1::UpdateWorkspaceResponse response;
  response.set_revision(m.Write<WorkspaceRecord>(key, &before, after));
  *response.mutable_workspace() = after.workspace();
  return response;
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
  validator.Check(workspace.has_value(), "parent", kWorkspaceForm);
  validator.Id("member_id", request.member_id());
  validator.Check(request.has_member(), "member", "is missing");
  validator.Text("member.display_name", request.member().display_name());
  validator.Check(v1::Role_IsValid(role), "member.role", "is no role");
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
      validator.Check(request.member().role() != v1::ROLE_UNSPECIFIED &&
                          v1::Role_IsValid(request.member().role()),
                      "member.role", "is no role");
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
  if (!id.has_value()) return InvalidFieldError("member.name", kMemberForm);
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
  validator.Check(id.has_value(), "name", kMemberForm);
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

namespace {

absl::Status CheckNewService(const v1::CreateServiceRequest& request) {
  Validator validator;
  validator.Id("service_id", request.service_id());
  validator.Check(request.has_service(), "service", "is missing");
  validator.Text("service.display_name", request.service().display_name());
  validator.Check(!request.service().roles().empty(), "service.roles", "is empty; give a role");
  absl::flat_hash_set<int> roles;
  for (const int role : request.service().roles()) {
    validator.Check(v1::ServiceRole_IsValid(role) && role != v1::SERVICE_ROLE_UNSPECIFIED,
                    "service.roles", "holds what is no role");
    validator.Check(roles.insert(role).second, "service.roles", "holds a role twice");
  }
  const auto& uris = request.service().uri_sans();
  validator.Check(static_cast<std::size_t>(uris.size()) <= kMaxUriSans, "service.uri_sans",
                  absl::StrCat("has ", uris.size(), " URIs; it takes at most ", kMaxUriSans));
  absl::flat_hash_set<std::string> seen;
  for (const std::string& uri : uris) {
    validator.Check(!uri.empty() && uri.size() <= kMaxUriSanBytes && absl::StrContains(uri, "://"),
                    "service.uri_sans", "holds what is no URI of 1 to 512 bytes");
    validator.Check(seen.insert(uri).second, "service.uri_sans", "holds a URI twice");
  }
  validator.RequestId(request.request_id());
  return validator.status();
}

}  // namespace

absl::StatusOr<v1::CreateServiceResponse> Handle(Mutation& m,
                                                 const v1::CreateServiceRequest& request) {
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, m.Gather(policy::Action::kServiceCreate));
  const bool named = IsId(request.service_id());
  const std::string name = named ? ServiceName(request.service_id()) : "services";
  LATCHKEY_RETURN_IF_ERROR(m.Authorize(sheet, {"", name, ""}));
  LATCHKEY_RETURN_IF_ERROR(CheckNewService(request));
  const storage::Key<ServiceRecord> key = storage::ServiceKey(request.service_id());
  LATCHKEY_ASSIGN_OR_RETURN(const storage::Found<ServiceRecord> old, m.txn().Get(key));
  if (old.has_value() && !old->deleted()) return ResourceExistsError(name);
  for (const std::string& uri : request.service().uri_sans()) {
    LATCHKEY_ASSIGN_OR_RETURN(const auto taken, m.txn().Get(storage::UriSanKey(uri)));
    if (taken.has_value()) return ResourceExistsError(absl::StrCat("the URI SAN ", uri));
  }
  ServiceRecord record;
  v1::Service& service = *record.mutable_service();
  service.set_name(name);
  service.set_display_name(request.service().display_name());
  *service.mutable_roles() = request.service().roles();
  *service.mutable_uri_sans() = request.service().uri_sans();
  *service.mutable_create_time() = ToProto(m.now());
  // The generation of a deleted service of this id was raised when it was deleted.
  record.set_generation(old.has_value() ? old->generation() : kFirstGeneration);
  storage::v1::NameRecord pointer;
  pointer.set_name(name);
  for (const std::string& uri : service.uri_sans()) m.txn().Put(storage::UriSanKey(uri), pointer);
  v1::CreateServiceResponse response;
  response.set_revision(m.Write<ServiceRecord>(key, nullptr, record));
  *response.mutable_service() = record.service();
  return response;
}

absl::StatusOr<v1::DeleteServiceResponse> Handle(Mutation& m,
                                                 const v1::DeleteServiceRequest& request) {
  const auto id = ParseService(request.name());
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, m.Gather(policy::Action::kServiceDelete));
  LATCHKEY_RETURN_IF_ERROR(sheet.AboutService(id.value_or("")));
  LATCHKEY_RETURN_IF_ERROR(m.Authorize(sheet, {"", request.name(), ""}));
  Validator validator;
  validator.Check(id.has_value(), "name", "is no service's name; it takes services/{id}");
  validator.RequestId(request.request_id());
  LATCHKEY_RETURN_IF_ERROR(validator.status());
  if (!sheet.service().has_value()) return ResourceNotFoundError(request.name());
  const storage::Key<ServiceRecord> key = storage::ServiceKey(*id);
  const ServiceRecord& before = *sheet.service();
  ServiceRecord after = before;
  after.set_deleted(true);
  after.set_generation(before.generation() + 1);
  m.EndGeneration(key.bytes, before.generation(), v1::ACTION_SERVICE_DELETE,
                  "The service was deleted.");
  for (const std::string& uri : before.service().uri_sans()) {
    m.txn().Delete(storage::UriSanKey(uri));
  }
  v1::DeleteServiceResponse response;
  response.set_revision(m.WriteErased<ServiceRecord>(key, before, after));
  return response;
}

}  // namespace latchkey
