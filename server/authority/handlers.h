#ifndef LATCHKEY_SERVER_AUTHORITY_HANDLERS_H_
#define LATCHKEY_SERVER_AUTHORITY_HANDLERS_H_

#include "absl/status/statusor.h"
#include "latchkey/v1/app_service.pb.h"
#include "latchkey/v1/audit_service.pb.h"
#include "latchkey/v1/directory_service.pb.h"
#include "latchkey/v1/token_service.pb.h"
#include "server/authority/mutation.h"

namespace latchkey {

// What each mutating method does, in one order: take the names apart, gather facts, ask policy,
// check the rest of the form, check the state, write. A handler writes nothing before it can no
// longer fail, but for what the mutation drops on an error. Errors are those of the method's
// comment in the contract.
absl::StatusOr<v1::CreateWorkspaceResponse> Handle(Mutation& m,
                                                   const v1::CreateWorkspaceRequest& request);
absl::StatusOr<v1::UpdateWorkspaceResponse> Handle(Mutation& m,
                                                   const v1::UpdateWorkspaceRequest& request);
absl::StatusOr<v1::CreateMemberResponse> Handle(Mutation& m,
                                                const v1::CreateMemberRequest& request);
absl::StatusOr<v1::UpdateMemberResponse> Handle(Mutation& m,
                                                const v1::UpdateMemberRequest& request);
absl::StatusOr<v1::DeactivateMemberResponse> Handle(Mutation& m,
                                                    const v1::DeactivateMemberRequest& request);
absl::StatusOr<v1::CreateServiceResponse> Handle(Mutation& m,
                                                 const v1::CreateServiceRequest& request);
absl::StatusOr<v1::DeleteServiceResponse> Handle(Mutation& m,
                                                 const v1::DeleteServiceRequest& request);
absl::StatusOr<v1::CreateOrganizationResponse> Handle(Mutation& m,
                                                      const v1::CreateOrganizationRequest& request);
absl::StatusOr<v1::UpdateOrganizationResponse> Handle(Mutation& m,
                                                      const v1::UpdateOrganizationRequest& request);
absl::StatusOr<v1::CreateAppResponse> Handle(Mutation& m, const v1::CreateAppRequest& request);
absl::StatusOr<v1::UpdateAppResponse> Handle(Mutation& m, const v1::UpdateAppRequest& request);
absl::StatusOr<v1::DeleteAppResponse> Handle(Mutation& m, const v1::DeleteAppRequest& request);
absl::StatusOr<v1::AddCollaboratorResponse> Handle(Mutation& m,
                                                   const v1::AddCollaboratorRequest& request);
absl::StatusOr<v1::RemoveCollaboratorResponse> Handle(Mutation& m,
                                                      const v1::RemoveCollaboratorRequest& request);
absl::StatusOr<v1::InstallAppResponse> Handle(Mutation& m, const v1::InstallAppRequest& request);
absl::StatusOr<v1::ReinstallAppResponse> Handle(Mutation& m,
                                                const v1::ReinstallAppRequest& request);
absl::StatusOr<v1::UninstallAppResponse> Handle(Mutation& m,
                                                const v1::UninstallAppRequest& request);
absl::StatusOr<v1::ApproveAppResponse> Handle(Mutation& m, const v1::ApproveAppRequest& request);
absl::StatusOr<v1::RestrictAppResponse> Handle(Mutation& m, const v1::RestrictAppRequest& request);
absl::StatusOr<v1::ResolveApprovalRequestResponse> Handle(
    Mutation& m, const v1::ResolveApprovalRequestRequest& request);
absl::StatusOr<v1::IssueTokenResponse> Handle(Mutation& m, const v1::IssueTokenRequest& request);
absl::StatusOr<v1::RegenerateTokenResponse> Handle(Mutation& m,
                                                   const v1::RegenerateTokenRequest& request);
absl::StatusOr<v1::RotateTokenResponse> Handle(Mutation& m, const v1::RotateTokenRequest& request);
absl::StatusOr<v1::RevokeTokenResponse> Handle(Mutation& m, const v1::RevokeTokenRequest& request);
// A run; Authority::PreviewBulkRevoke() answers a preview.
absl::StatusOr<v1::BulkRevokeTokensResponse> Handle(Mutation& m,
                                                    const v1::BulkRevokeTokensRequest& request);
absl::StatusOr<v1::CancelBulkRevocationResponse> Handle(
    Mutation& m, const v1::CancelBulkRevocationRequest& request);
absl::StatusOr<v1::CreateConsumerResponse> Handle(Mutation& m,
                                                  const v1::CreateConsumerRequest& request);
absl::StatusOr<v1::DeleteConsumerResponse> Handle(Mutation& m,
                                                  const v1::DeleteConsumerRequest& request);
absl::StatusOr<v1::AcknowledgeResponse> Handle(Mutation& m, const v1::AcknowledgeRequest& request);

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_HANDLERS_H_
