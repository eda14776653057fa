#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/authority/authority.h"
#include "server/authority/common.h"
#include "server/authority/lists.h"
#include "server/authority/names.h"
#include "server/authority/refusal.h"
#include "server/authority/tokens.h"
#include "server/base/status_macros.h"

namespace latchkey {
namespace {

using storage::v1::AppRecord;
using storage::v1::ApprovalRequestRecord;
using storage::v1::InstallationRecord;
using storage::v1::MemberRecord;
using storage::v1::ServiceRecord;
using storage::v1::TokenRecord;
using storage::v1::WorkspaceRecord;

}  // namespace

absl::StatusOr<FactSheet> Authority::AuthorizeRead(
    const storage::Reader& reader, const Caller& caller, policy::Action action,
    absl::string_view resource, absl::FunctionRef<absl::Status(FactSheet&)> about) const {
  LATCHKEY_ASSIGN_OR_RETURN(FactSheet sheet,
                            FactSheet::For(reader, caller, action, options_.clock.Now()));
  LATCHKEY_RETURN_IF_ERROR(about(sheet));
  const policy::Decision decision = sheet.Decide();
  if (decision.outcome == policy::Outcome::kAllow) return sheet;
  return RefusalError(sheet, decision, ReadingOf(action), resource);
}

absl::StatusOr<v1::GetWorkspaceResponse> Authority::Read(const Caller& caller,
                                                         const v1::GetWorkspaceRequest& request) {
  const storage::View view = NewView();
  const auto id = ParseWorkspace(request.name());
  LATCHKEY_ASSIGN_OR_RETURN(
      FactSheet sheet,
      AuthorizeRead(view, caller, policy::Action::kWorkspaceRead, request.name(),
                    [&](FactSheet& s) { return s.AboutWorkspace(id.value_or("")); }));
  if (!id.has_value()) return InvalidNameError("name", request.name(), kWorkspaceForm);
  if (!sheet.workspace().has_value()) return ResourceNotFoundError(request.name());
  v1::GetWorkspaceResponse response;
  *response.mutable_workspace() = sheet.workspace()->workspace();
  LATCHKEY_ASSIGN_OR_RETURN(const std::uint64_t consumers, CountConsumers(view, request.name()));
  AppendPlanExcesses(*sheet.workspace(), consumers, *response.mutable_plan_excesses());
  return response;
}

absl::StatusOr<v1::ListWorkspacesResponse> Authority::Read(
    const Caller& caller, const v1::ListWorkspacesRequest& request) {
  const storage::View view = NewView();
  // A member reads the own workspace; whoever is of none is judged as about all.
  const std::string own(WorkspaceIdOf(caller.principal));
  LATCHKEY_ASSIGN_OR_RETURN(
      FactSheet sheet, AuthorizeRead(view, caller, policy::Action::kWorkspaceRead, "workspaces",
                                     [&](FactSheet& s) { return s.AboutWorkspace(own); }));
  LATCHKEY_ASSIGN_OR_RETURN(const Page page, PageOf(request));
  if (sheet.facts().org_role != policy::OrgRole::kNone) {
    return ListWorkspacesOf(view, sheet.organization()->organization().name(), page);
  }
  v1::ListWorkspacesResponse response;
  if (!own.empty()) {
    LATCHKEY_ASSIGN_OR_RETURN(const auto record, view.Get(storage::WorkspaceKey(own)));
    if (record.has_value() && page.after.empty()) *response.add_workspaces() = record->workspace();
    return response;
  }
  LATCHKEY_ASSIGN_OR_RETURN(
      *response.mutable_next_page_token(),
      (ListRecords<WorkspaceRecord>(view, storage::WorkspacePrefix(), page, ListOrder::kForward,
                                    [&](absl::string_view, const WorkspaceRecord& record) {
                                      *response.add_workspaces() = record.workspace();
                                      return true;
                                    })));
  return response;
}

absl::StatusOr<v1::GetMemberResponse> Authority::Read(const Caller& caller,
                                                      const v1::GetMemberRequest& request) {
  const storage::View view = NewView();
  const auto id = ParseMember(request.name());
  LATCHKEY_ASSIGN_OR_RETURN(
      FactSheet sheet,
      AuthorizeRead(view, caller, policy::Action::kMemberRead, request.name(), [&](FactSheet& s) {
        return s.AboutMember(id.value_or(InWorkspace{}), policy::Role::kNone);
      }));
  if (!id.has_value()) return InvalidNameError("name", request.name(), kMemberForm);
  if (!sheet.member().has_value()) return ResourceNotFoundError(request.name());
  v1::GetMemberResponse response;
  *response.mutable_member() = sheet.member()->member();
  return response;
}

absl::StatusOr<v1::ListMembersResponse> Authority::Read(const Caller& caller,
                                                        const v1::ListMembersRequest& request) {
  const storage::View view = NewView();
  const auto workspace = ParseWorkspace(request.parent());
  LATCHKEY_ASSIGN_OR_RETURN(
      FactSheet sheet,
      AuthorizeRead(view, caller, policy::Action::kMemberRead, request.parent(),
                    [&](FactSheet& s) { return s.AboutWorkspace(workspace.value_or("")); }));
  if (!workspace.has_value()) return InvalidNameError("parent", request.parent(), kWorkspaceForm);
  if (!sheet.workspace().has_value()) return ResourceNotFoundError(request.parent());
  LATCHKEY_ASSIGN_OR_RETURN(const Page page, PageOf(request));
  v1::ListMembersResponse response;
  LATCHKEY_ASSIGN_OR_RETURN(
      *response.mutable_next_page_token(),
      (ListRecords<MemberRecord>(view, storage::MemberPrefix(*workspace), page, ListOrder::kForward,
                                 [&](absl::string_view, const MemberRecord& record) {
                                   *response.add_members() = record.member();
                                   return true;
                                 })));
  return response;
}

absl::StatusOr<v1::ListServicesResponse> Authority::Read(const Caller& caller,
                                                         const v1::ListServicesRequest& request) {
  const storage::View view = NewView();
  LATCHKEY_RETURN_IF_ERROR(
      AuthorizeRead(view, caller, policy::Action::kServiceRead, "services", [](FactSheet& s) {
        return s.AboutService("");
      }).status());
  LATCHKEY_ASSIGN_OR_RETURN(const Page page, PageOf(request));
  v1::ListServicesResponse response;
  LATCHKEY_ASSIGN_OR_RETURN(
      *response.mutable_next_page_token(),
      (ListRecords<ServiceRecord>(view, storage::ServicePrefix(), page, ListOrder::kForward,
                                  [&](absl::string_view, const ServiceRecord& record) {
                                    if (record.deleted()) return false;
                                    *response.add_services() = record.service();
                                    return true;
                                  })));
  return response;
}

absl::StatusOr<v1::GetAppResponse> Authority::Read(const Caller& caller,
                                                   const v1::GetAppRequest& request) {
  const storage::View view = NewView();
  const auto id = ParseApp(request.name());
  LATCHKEY_ASSIGN_OR_RETURN(
      FactSheet sheet, AuthorizeRead(view, caller, policy::Action::kAppRead, request.name(),
                                     [&](FactSheet& s) { return s.AboutApp(id.value_or("")); }));
  if (!id.has_value()) return InvalidNameError("name", request.name(), kAppForm);
  if (!sheet.app().has_value()) return ResourceNotFoundError(request.name());
  v1::GetAppResponse response;
  *response.mutable_app() = sheet.app()->app();
  return response;
}

absl::StatusOr<v1::ListAppsResponse> Authority::Read(const Caller& caller,
                                                     const v1::ListAppsRequest& request) {
  const storage::View view = NewView();
  const auto workspace = ParseWorkspace(request.parent());
  LATCHKEY_ASSIGN_OR_RETURN(
      FactSheet sheet,
      AuthorizeRead(view, caller, policy::Action::kAppRead, request.parent(),
                    [&](FactSheet& s) { return s.AboutWorkspace(workspace.value_or("")); }));
  if (!workspace.has_value()) return InvalidNameError("parent", request.parent(), kWorkspaceForm);
  if (!sheet.workspace().has_value()) return ResourceNotFoundError(request.parent());
  LATCHKEY_ASSIGN_OR_RETURN(const Page page, PageOf(request));
  v1::ListAppsResponse response;
  LATCHKEY_ASSIGN_OR_RETURN(*response.mutable_next_page_token(),
                            (ListIndexed<AppRecord>(
                                view, storage::HomeAppPrefix(*workspace), page,
                                [](absl::string_view id) { return storage::AppKey(id); },
                                [&](const AppRecord& record) -> absl::StatusOr<bool> {
                                  if (record.app().has_delete_time() && !request.show_deleted())
                                    return false;
                                  *response.add_apps() = record.app();
                                  return true;
                                })));
  return response;
}

absl::StatusOr<v1::ListInstallationsResponse> Authority::Read(
    const Caller& caller, const v1::ListInstallationsRequest& request) {
  if (const auto organization = ParseOrganization(request.parent())) {
    return ListVerdictsOf(caller, *organization, request);
  }
  const storage::View view = NewView();
  const auto workspace = ParseWorkspace(request.parent());
  LATCHKEY_ASSIGN_OR_RETURN(
      FactSheet sheet,
      AuthorizeRead(view, caller, policy::Action::kInstallationRead, request.parent(),
                    [&](FactSheet& s) { return s.AboutWorkspace(workspace.value_or("")); }));
  if (!workspace.has_value()) return InvalidNameError("parent", request.parent(), kWorkspaceForm);
  if (!sheet.workspace().has_value()) return ResourceNotFoundError(request.parent());
  LATCHKEY_ASSIGN_OR_RETURN(const Page page, PageOf(request));
  v1::ListInstallationsResponse response;
  LATCHKEY_ASSIGN_OR_RETURN(
      *response.mutable_next_page_token(),
      (ListRecords<InstallationRecord>(
          view, storage::InstallationPrefix(*workspace), page, ListOrder::kForward,
          [&](absl::string_view app, const InstallationRecord& record) -> absl::StatusOr<bool> {
            v1::Installation& shown = *response.add_installations();
            shown = record.installation();
            // Deleting an app is one write, however many workspaces it is installed in.
            LATCHKEY_ASSIGN_OR_RETURN(const auto of, view.Get(storage::AppKey(app)));
            const bool deleted = !of.has_value() || of->app().has_delete_time();
            if (deleted && shown.state() == v1::INSTALLATION_STATE_INSTALLED) {
              shown.set_state(v1::INSTALLATION_STATE_UNINSTALLED);
            }
            return true;
          })));
  return response;
}

absl::StatusOr<v1::ListApprovalRequestsResponse> Authority::Read(
    const Caller& caller, const v1::ListApprovalRequestsRequest& request) {
  const storage::View view = NewView();
  const auto workspace = ParseWorkspace(request.parent());
  LATCHKEY_ASSIGN_OR_RETURN(
      FactSheet sheet,
      FactSheet::For(view, caller, policy::Action::kRequestRead, options_.clock.Now()));
  LATCHKEY_RETURN_IF_ERROR(sheet.AboutWorkspace(workspace.value_or("")));
  LATCHKEY_ASSIGN_OR_RETURN(const ListScope scope, ScopeOf(sheet, request.parent()));
  Validator validator;
  validator.Name("parent", request.parent(), workspace.has_value(), kWorkspaceForm);
  validator.Enum("state", request.state(), /*or_none=*/true);
  LATCHKEY_RETURN_IF_ERROR(validator.status());
  if (!sheet.workspace().has_value()) return ResourceNotFoundError(request.parent());
  LATCHKEY_ASSIGN_OR_RETURN(const Page page, PageOf(request));
  v1::ListApprovalRequestsResponse response;
  LATCHKEY_ASSIGN_OR_RETURN(
      *response.mutable_next_page_token(),
      (ListRecords<ApprovalRequestRecord>(
          view, storage::ApprovalRequestPrefix(*workspace), page, ListOrder::kBackward,
          [&](absl::string_view, const ApprovalRequestRecord& record) {
            const v1::ApprovalRequest& shown = record.approval_request();
            if (scope == ListScope::kOwn && shown.requester() != caller.principal) return false;
            if (request.state() != v1::APPROVAL_REQUEST_STATE_UNSPECIFIED &&
                request.state() != shown.state()) {
              return false;
            }
            *response.add_approval_requests() = shown;
            return true;
          })));
  return response;
}

absl::StatusOr<v1::GetTokenResponse> Authority::Read(const Caller& caller,
                                                     const v1::GetTokenRequest& request) {
  const storage::View view = NewView();
  const auto id = ParseToken(request.name());
  LATCHKEY_ASSIGN_OR_RETURN(
      FactSheet sheet,
      AuthorizeRead(view, caller, policy::Action::kTokenRead, request.name(),
                    [&](FactSheet& s) { return s.AboutToken(id.value_or(TokenId{})); }));
  if (!id.has_value()) return InvalidNameError("name", request.name(), kTokenForm);
  if (!sheet.token().has_value()) return ResourceNotFoundError(request.name());
  v1::GetTokenResponse response;
  LATCHKEY_ASSIGN_OR_RETURN(*response.mutable_token(),
                            Published(view, *sheet.token(), options_.clock.Now()));
  LATCHKEY_RETURN_IF_ERROR(AddLastUse(view, *response.mutable_token()));
  return response;
}

}  // namespace latchkey
