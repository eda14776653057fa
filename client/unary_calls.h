#ifndef LATCHKEY_CLIENT_UNARY_CALLS_H_
#define LATCHKEY_CLIENT_UNARY_CALLS_H_

#include "grpc/health/v1/health.pb.h"
#include "latchkey/v1/admin_service.pb.h"
#include "latchkey/v1/app_service.pb.h"
#include "latchkey/v1/audit_service.pb.h"
#include "latchkey/v1/directory_service.pb.h"
#include "latchkey/v1/policy_service.pb.h"
#include "latchkey/v1/token_service.pb.h"
#include "latchkey/v1/verifier_service.pb.h"

// Every unary RPC of the contract, as X(service, method). A test compares it with the protos.
#define LATCHKEY_UNARY_CALLS(X)           \
  X(DirectoryService, CreateWorkspace)    \
  X(DirectoryService, GetWorkspace)       \
  X(DirectoryService, ListWorkspaces)     \
  X(DirectoryService, UpdateWorkspace)    \
  X(DirectoryService, CreateMember)       \
  X(DirectoryService, GetMember)          \
  X(DirectoryService, ListMembers)        \
  X(DirectoryService, UpdateMember)       \
  X(DirectoryService, DeactivateMember)   \
  X(DirectoryService, CreateService)      \
  X(DirectoryService, ListServices)       \
  X(DirectoryService, DeleteService)      \
  X(DirectoryService, CreateOrganization) \
  X(DirectoryService, GetOrganization)    \
  X(DirectoryService, ListOrganizations)  \
  X(DirectoryService, UpdateOrganization) \
  X(AppService, CreateApp)                \
  X(AppService, GetApp)                   \
  X(AppService, ListApps)                 \
  X(AppService, UpdateApp)                \
  X(AppService, DeleteApp)                \
  X(AppService, AddCollaborator)          \
  X(AppService, RemoveCollaborator)       \
  X(AppService, InstallApp)               \
  X(AppService, ReinstallApp)             \
  X(AppService, UninstallApp)             \
  X(AppService, ListInstallations)        \
  X(AppService, ApproveApp)               \
  X(AppService, RestrictApp)              \
  X(AppService, ListApprovalRequests)     \
  X(AppService, ResolveApprovalRequest)   \
  X(TokenService, IssueToken)             \
  X(TokenService, GetToken)               \
  X(TokenService, ListTokens)             \
  X(TokenService, RegenerateToken)        \
  X(TokenService, RotateToken)            \
  X(TokenService, RevokeToken)            \
  X(TokenService, BulkRevokeTokens)       \
  X(TokenService, GetBulkRevocation)      \
  X(TokenService, ListBulkRevocations)    \
  X(TokenService, CancelBulkRevocation)   \
  X(VerifierService, Verify)              \
  X(VerifierService, BatchVerify)         \
  X(AuditService, ListEvents)             \
  X(AuditService, GetEvent)               \
  X(AuditService, CreateConsumer)         \
  X(AuditService, GetConsumer)            \
  X(AuditService, ListConsumers)          \
  X(AuditService, DeleteConsumer)         \
  X(AuditService, Acknowledge)            \
  X(AuditService, GetCheckpoint)          \
  X(AuditService, GetInclusionProof)      \
  X(AuditService, GetConsistencyProof)    \
  X(PolicyService, CheckPermission)       \
  X(PolicyService, ListRules)             \
  X(PolicyService, ListPlans)             \
  X(AdminService, GetStatus)              \
  X(AdminService, CreateBackup)

namespace latchkey {

// Which response a request gets: every RPC has a request message of its own.
template <typename Request>
struct UnaryCall;

#define LATCHKEY_UNARY_CALL_TRAITS_(Service, Method) \
  template <>                                        \
  struct UnaryCall<v1::Method##Request> {            \
    using Response = v1::Method##Response;           \
  };
LATCHKEY_UNARY_CALLS(LATCHKEY_UNARY_CALL_TRAITS_)
#undef LATCHKEY_UNARY_CALL_TRAITS_

// Whether the server, or one of its services, is healthy: grpc.health.v1.Health.Check.
template <>
struct UnaryCall<grpc::health::v1::HealthCheckRequest> {
  using Response = grpc::health::v1::HealthCheckResponse;
};

// The response message of the RPC that takes `Request`.
template <typename Request>
using ResponseOf = typename UnaryCall<Request>::Response;

}  // namespace latchkey

#endif  // LATCHKEY_CLIENT_UNARY_CALLS_H_
