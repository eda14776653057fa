// The part of FactSheet that is about organizations.
#include "server/authority/actions.h"
#include "server/authority/fact_sheet.h"
#include "server/authority/organizations.h"
#include "server/base/status_macros.h"

namespace latchkey {

void FactSheet::SetOrgRole() {
  facts_.org_role = policy::OrgRole::kNone;
  const bool belongs = facts_.caller == policy::CallerKind::kMember && !facts_.deactivated &&
                       organization_.has_value() &&
                       caller_organization_ == organization_->organization().name();
  if (belongs) facts_.org_role = ListedAs(organization_->organization(), caller_.principal);
}

absl::Status FactSheet::LoadOrganizationOfWorkspace() {
  organization_.reset();
  if (workspace_.has_value()) {
    LATCHKEY_ASSIGN_OR_RETURN(organization_, OrganizationOf(*reader_, workspace_->workspace()));
  }
  SetOrgRole();
  return absl::OkStatus();
}

absl::Status FactSheet::AboutOrganization(absl::string_view organization) {
  LATCHKEY_ASSIGN_OR_RETURN(organization_, reader_->Get(storage::OrganizationKey(organization)));
  // An organization is a member's own where the member's workspace belongs to it.
  facts_.same_workspace =
      facts_.caller != policy::CallerKind::kMember ||
      (organization_.has_value() && caller_organization_ == organization_->organization().name());
  SetOrgRole();
  return absl::OkStatus();
}

absl::Status FactSheet::AboutOwnOrganization() {
  if (caller_organization_.empty()) return absl::OkStatus();
  return AboutOrganization(LastId(caller_organization_));
}

absl::Status FactSheet::AboutEventsOfOrganization(absl::string_view organization) {
  facts_.org_wide = true;
  return AboutOrganization(organization);
}

absl::Status FactSheet::AboutOrganizationApp(absl::string_view organization,
                                             absl::string_view app) {
  LATCHKEY_RETURN_IF_ERROR(AboutOrganization(organization));
  LATCHKEY_RETURN_IF_ERROR(LoadApp(app));
  facts_.org_wide = true;
  if (app_.has_value() && app_->app().kind() != v1::APP_KIND_EXTERNAL) {
    LATCHKEY_ASSIGN_OR_RETURN(
        const auto home, reader_->Get(storage::WorkspaceKey(LastId(app_->app().home_workspace()))));
    const bool visible = home.has_value() && organization_.has_value() &&
                         home->workspace().organization() == organization_->organization().name();
    if (!visible) ForgetApp();
  }
  LATCHKEY_ASSIGN_OR_RETURN(installation_,
                            reader_->Get(storage::OrganizationInstallationKey(organization, app)));
  return absl::OkStatus();
}

absl::Status FactSheet::LoadVerdict(absl::string_view app) {
  verdict_.reset();
  if (!organization_.has_value()) return absl::OkStatus();
  LATCHKEY_ASSIGN_OR_RETURN(verdict_, reader_->Get(storage::OrganizationInstallationKey(
                                          LastId(organization_->organization().name()), app)));
  return absl::OkStatus();
}

}  // namespace latchkey
