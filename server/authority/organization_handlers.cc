#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/authority/common.h"
#include "server/authority/handlers.h"
#include "server/authority/names.h"
#include "server/authority/organizations.h"
#include "server/authority/validate.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

using storage::v1::OrganizationRecord;

constexpr int kMaxPeople = 100;

// Checks the form of a list of members, and says of no more than one name what is wrong with it.
void CheckPeople(absl::string_view field, const Strings& people, Validator& validator) {
  validator.Check(people.size() <= kMaxPeople, field,
                  absl::StrCat("has ", people.size(), "; it takes at most ", kMaxPeople));
  const auto bad = std::find_if(people.begin(), people.end(), [](const std::string& name) {
    return !ParseMember(name).has_value();
  });
  if (bad != people.end()) {
    validator.Add(field, absl::StrCat("holds ", Shown(*bad), "; it takes ", kMemberForm));
  }
  validator.Check(Normalized(people).size() == static_cast<std::size_t>(people.size()), field,
                  "names a member twice");
}

void CheckPeople(const v1::Organization& organization, Validator& validator) {
  CheckPeople("organization.owners", organization.owners(), validator);
  CheckPeople("organization.admins", organization.admins(), validator);
}

// NOT_FOUND for the first of `people` who is not there, unless `before` lists them already. A
// member learns only of members of the organization's own workspaces.
absl::Status CheckPresent(const Mutation& m, const std::string& organization, const Strings& before,
                          const Strings& people) {
  const bool by_member = m.caller().kind == policy::CallerKind::kMember;
  for (const std::string& name : people) {
    if (std::find(before.begin(), before.end(), name) != before.end()) continue;
    const InWorkspace id = ParseMember(name).value_or(InWorkspace{});
    LATCHKEY_ASSIGN_OR_RETURN(const auto member,
                              m.txn().Get(storage::MemberKey(id.workspace, id.id)));
    LATCHKEY_ASSIGN_OR_RETURN(const auto workspace,
                              m.txn().Get(storage::WorkspaceKey(id.workspace)));
    const bool known = member.has_value() && workspace.has_value() &&
                       (!by_member || workspace->workspace().organization() == organization);
    if (!known) return ResourceNotFoundError(name);
  }
  return absl::OkStatus();
}

absl::Status CheckPresent(const Mutation& m, const v1::Organization& before,
                          const v1::Organization& after) {
  LATCHKEY_RETURN_IF_ERROR(CheckPresent(m, after.name(), before.owners(), after.owners()));
  return CheckPresent(m, after.name(), before.admins(), after.admins());
}

}  // namespace

absl::StatusOr<v1::CreateOrganizationResponse> Handle(
    Mutation& m, const v1::CreateOrganizationRequest& request) {
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, m.Gather(policy::Action::kOrganizationCreate));
  const std::string name =
      IsId(request.organization_id()) ? OrganizationName(request.organization_id()) : "";
  LATCHKEY_RETURN_IF_ERROR(
      m.Authorize(sheet, {"", name.empty() ? "organizations" : name, "", name}));
  Validator validator;
  validator.Id("organization_id", request.organization_id());
  validator.Check(request.has_organization(), "organization", "is missing");
  validator.Text("organization.display_name", request.organization().display_name());
  CheckPeople(request.organization(), validator);
  validator.RequestId(request.request_id());
  LATCHKEY_RETURN_IF_ERROR(validator.status());
  const auto key = storage::OrganizationKey(request.organization_id());
  LATCHKEY_ASSIGN_OR_RETURN(const auto old, m.txn().Get(key));
  if (old.has_value()) return ResourceExistsError(name);

  OrganizationRecord record;
  v1::Organization& organization = *record.mutable_organization();
  organization.set_name(name);
  organization.set_display_name(request.organization().display_name());
  *organization.mutable_owners() = request.organization().owners();
  *organization.mutable_admins() = request.organization().admins();
  *organization.mutable_settings() = request.organization().settings();
  *organization.mutable_create_time() = ToProto(m.now());
  LATCHKEY_RETURN_IF_ERROR(CheckPresent(m, v1::Organization(), organization));
  v1::CreateOrganizationResponse response;
  response.set_revision(m.Write<OrganizationRecord>(key, nullptr, record));
  *response.mutable_organization() = record.organization();
  return response;
}

namespace {

absl::Status CheckOrganizationUpdate(const v1::UpdateOrganizationRequest& request) {
  Validator validator;
  CheckMask(request.update_mask(),
            {"display_name", "owners", "admins", "settings", "settings.app_approval_required",
             "settings.guests_may_use_apps"},
            validator);
  validator.Text("organization.display_name", request.organization().display_name());
  CheckPeople(request.organization(), validator);
  validator.RequestId(request.request_id());
  return validator.status();
}

void CopyMasked(const v1::UpdateOrganizationRequest& request, v1::Organization& to) {
  const v1::Organization& from = request.organization();
  for (const std::string& path : request.update_mask().paths()) {
    if (path == "display_name") to.set_display_name(from.display_name());
    if (path == "owners") *to.mutable_owners() = from.owners();
    if (path == "admins") *to.mutable_admins() = from.admins();
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

absl::StatusOr<v1::UpdateOrganizationResponse> Handle(
    Mutation& m, const v1::UpdateOrganizationRequest& request) {
  const std::string& name = request.organization().name();
  const auto id = ParseOrganization(name);
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet, m.Gather(policy::Action::kOrganizationUpdate));
  LATCHKEY_RETURN_IF_ERROR(sheet.AboutOrganization(id.value_or("")));
  LATCHKEY_RETURN_IF_ERROR(m.Authorize(sheet, {"", name, "", id.has_value() ? name : ""}));
  if (!id.has_value()) return InvalidNameError("organization.name", name, kOrganizationForm);
  LATCHKEY_RETURN_IF_ERROR(CheckOrganizationUpdate(request));
  if (!sheet.organization().has_value()) return ResourceNotFoundError(name);
  const OrganizationRecord& before = *sheet.organization();
  LATCHKEY_RETURN_IF_ERROR(
      CheckRevision(name, request.expected_revision(), before.organization().revision()));

  OrganizationRecord after = before;
  CopyMasked(request, *after.mutable_organization());
  LATCHKEY_RETURN_IF_ERROR(CheckPresent(m, before.organization(), after.organization()));
  v1::UpdateOrganizationResponse response;
  response.set_revision(m.Write<OrganizationRecord>(storage::OrganizationKey(*id), &before, after));
  *response.mutable_organization() = after.organization();
  return response;
}

}  // namespace latchkey
