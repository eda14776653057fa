#include <string>

#include "server/authority/authority.h"
#include "server/authority/common.h"
#include "server/authority/lists.h"
#include "server/authority/names.h"
#include "server/authority/organizations.h"
#include "server/base/status_macros.h"

namespace latchkey {

using storage::v1::InstallationRecord;
using storage::v1::OrganizationRecord;
using storage::v1::WorkspaceRecord;

absl::StatusOr<v1::GetOrganizationResponse> Authority::Read(
    const Caller& caller, const v1::GetOrganizationRequest& request) {
  const storage::View view = NewView();
  const auto id = ParseOrganization(request.name());
  LATCHKEY_ASSIGN_OR_RETURN(
      FactSheet sheet,
      AuthorizeRead(view, caller, policy::Action::kOrganizationRead, request.name(),
                    [&](FactSheet& s) { return s.AboutOrganization(id.value_or("")); }));
  if (!id.has_value()) return InvalidNameError("name", request.name(), kOrganizationForm);
  if (!sheet.organization().has_value()) return ResourceNotFoundError(request.name());
  v1::GetOrganizationResponse response;
  *response.mutable_organization() = sheet.organization()->organization();
  return response;
}

absl::StatusOr<v1::ListOrganizationsResponse> Authority::Read(
    const Caller& caller, const v1::ListOrganizationsRequest& request) {
  const storage::View view = NewView();
  // A member reads the own one; whoever is of none is judged as about all.
  LATCHKEY_ASSIGN_OR_RETURN(
      FactSheet sheet,
      AuthorizeRead(view, caller, policy::Action::kOrganizationRead, "organizations",
                    [](FactSheet& s) { return s.AboutOwnOrganization(); }));
  LATCHKEY_ASSIGN_OR_RETURN(const Page page, PageOf(request));
  v1::ListOrganizationsResponse response;
  if (caller.kind == policy::CallerKind::kMember) {
    if (sheet.organization().has_value() && page.after.empty()) {
      *response.add_organizations() = sheet.organization()->organization();
    }
    return response;
  }
  LATCHKEY_ASSIGN_OR_RETURN(*response.mutable_next_page_token(),
                            (ListRecords<OrganizationRecord>(
                                view, storage::OrganizationPrefix(), page, ListOrder::kForward,
                                [&](absl::string_view, const OrganizationRecord& record) {
                                  *response.add_organizations() = record.organization();
                                  return true;
                                })));
  return response;
}

absl::StatusOr<v1::ListWorkspacesResponse> Authority::ListWorkspacesOf(
    const storage::View& view, absl::string_view organization, const Page& page) const {
  v1::ListWorkspacesResponse response;
  LATCHKEY_ASSIGN_OR_RETURN(
      *response.mutable_next_page_token(),
      (ListIndexed<WorkspaceRecord>(
          view, storage::OrganizationWorkspacePrefix(LastId(organization)), page,
          [](absl::string_view id) { return storage::WorkspaceKey(id); },
          [&](const WorkspaceRecord& record) -> absl::StatusOr<bool> {
            *response.add_workspaces() = record.workspace();
            return true;
          })));
  return response;
}

absl::StatusOr<v1::ListInstallationsResponse> Authority::ListVerdictsOf(
    const Caller& caller, const std::string& organization,
    const v1::ListInstallationsRequest& request) {
  const storage::View view = NewView();
  LATCHKEY_ASSIGN_OR_RETURN(
      FactSheet sheet,
      AuthorizeRead(view, caller, policy::Action::kOrganizationRead, request.parent(),
                    [&](FactSheet& s) { return s.AboutOrganization(organization); }));
  if (!sheet.organization().has_value()) return ResourceNotFoundError(request.parent());
  LATCHKEY_ASSIGN_OR_RETURN(const Page page, PageOf(request));
  v1::ListInstallationsResponse response;
  LATCHKEY_ASSIGN_OR_RETURN(
      *response.mutable_next_page_token(),
      (ListRecords<InstallationRecord>(view, storage::OrganizationInstallationPrefix(organization),
                                       page, ListOrder::kForward,
                                       [&](absl::string_view, const InstallationRecord& record) {
                                         *response.add_installations() = record.installation();
                                         return true;
                                       })));
  return response;
}

}  // namespace latchkey
