#ifndef LATCHKEY_SERVER_RPC_SERVICE_CALLS_H_
#define LATCHKEY_SERVER_RPC_SERVICE_CALLS_H_

#include "latchkey/v1/admin_service.grpc.pb.h"
#include "latchkey/v1/app_service.grpc.pb.h"
#include "latchkey/v1/audit_service.grpc.pb.h"
#include "latchkey/v1/directory_service.grpc.pb.h"
#include "latchkey/v1/policy_service.grpc.pb.h"
#include "latchkey/v1/token_service.grpc.pb.h"
#include "latchkey/v1/verifier_service.grpc.pb.h"
#include "server/rpc/mixin.h"

namespace latchkey::rpc {

// The services, as the generated code has them. Requests and responses pass as bytes: see
// message_bytes.h. A method that this server does not offer is left to UnknownMethods, which
// answers it.

using DirectoryServiceCalls =
    Mixin<v1::DirectoryService::Service, v1::DirectoryService::WithRawMethod_CreateWorkspace,
          v1::DirectoryService::WithRawMethod_GetWorkspace,
          v1::DirectoryService::WithRawMethod_ListWorkspaces,
          v1::DirectoryService::WithRawMethod_UpdateWorkspace,
          v1::DirectoryService::WithRawMethod_CreateMember,
          v1::DirectoryService::WithRawMethod_GetMember,
          v1::DirectoryService::WithRawMethod_ListMembers,
          v1::DirectoryService::WithRawMethod_UpdateMember,
          v1::DirectoryService::WithRawMethod_DeactivateMember,
          v1::DirectoryService::WithRawMethod_CreateService,
          v1::DirectoryService::WithRawMethod_ListServices,
          v1::DirectoryService::WithRawMethod_DeleteService,
          v1::DirectoryService::WithRawMethod_CreateOrganization,
          v1::DirectoryService::WithRawMethod_GetOrganization,
          v1::DirectoryService::WithRawMethod_ListOrganizations,
          v1::DirectoryService::WithRawMethod_UpdateOrganization>;

using AppServiceCalls = Mixin<
    v1::AppService::Service, v1::AppService::WithRawMethod_CreateApp,
    v1::AppService::WithRawMethod_GetApp, v1::AppService::WithRawMethod_ListApps,
    v1::AppService::WithRawMethod_UpdateApp, v1::AppService::WithRawMethod_DeleteApp,
    v1::AppService::WithRawMethod_AddCollaborator, v1::AppService::WithRawMethod_RemoveCollaborator,
    v1::AppService::WithRawMethod_InstallApp, v1::AppService::WithRawMethod_ReinstallApp,
    v1::AppService::WithRawMethod_UninstallApp, v1::AppService::WithRawMethod_ListInstallations,
    v1::AppService::WithRawMethod_ApproveApp, v1::AppService::WithRawMethod_RestrictApp,
    v1::AppService::WithRawMethod_ListApprovalRequests,
    v1::AppService::WithRawMethod_ResolveApprovalRequest>;

using TokenServiceCalls =
    Mixin<v1::TokenService::Service, v1::TokenService::WithRawMethod_IssueToken,
          v1::TokenService::WithRawMethod_GetToken, v1::TokenService::WithRawMethod_ListTokens,
          v1::TokenService::WithRawMethod_RegenerateToken,
          v1::TokenService::WithRawMethod_RotateToken, v1::TokenService::WithRawMethod_RevokeToken,
          v1::TokenService::WithRawMethod_GetBulkRevocation,
          v1::TokenService::WithRawMethod_ListBulkRevocations,
          v1::TokenService::WithRawMethod_CancelBulkRevocation,
          v1::TokenService::WithRawMethod_BulkRevokeTokens>;

using PolicyServiceCalls =
    Mixin<v1::PolicyService::Service, v1::PolicyService::WithRawMethod_CheckPermission,
          v1::PolicyService::WithRawMethod_ListRules, v1::PolicyService::WithRawMethod_ListPlans>;

using AdminServiceCalls =
    Mixin<v1::AdminService::Service, v1::AdminService::WithRawMethod_GetStatus,
          v1::AdminService::WithGenericMethod_CreateBackup>;

using AuditServiceCalls = Mixin<
    v1::AuditService::Service, v1::AuditService::WithRawMethod_Subscribe,
    v1::AuditService::WithRawMethod_ListEvents, v1::AuditService::WithRawMethod_GetEvent,
    v1::AuditService::WithRawMethod_CreateConsumer, v1::AuditService::WithRawMethod_GetConsumer,
    v1::AuditService::WithRawMethod_ListConsumers, v1::AuditService::WithRawMethod_DeleteConsumer,
    v1::AuditService::WithRawMethod_Acknowledge, v1::AuditService::WithRawMethod_GetCheckpoint,
    v1::AuditService::WithRawMethod_GetInclusionProof,
    v1::AuditService::WithRawMethod_GetConsistencyProof>;

using VerifierServiceCalls =
    Mixin<v1::VerifierService::Service, v1::VerifierService::WithRawMethod_Verify,
          v1::VerifierService::WithRawMethod_BatchVerify,
          v1::VerifierService::WithGenericMethod_StreamVerify,
          v1::VerifierService::WithGenericMethod_SyncVerifier>;

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_SERVICE_CALLS_H_
