#ifndef LATCHKEY_SERVER_AUTHORITY_METHODS_H_
#define LATCHKEY_SERVER_AUTHORITY_METHODS_H_

#include "latchkey/v1/admin_service.pb.h"
#include "latchkey/v1/app_service.pb.h"
#include "latchkey/v1/audit_service.pb.h"
#include "latchkey/v1/directory_service.pb.h"
#include "latchkey/v1/policy_service.pb.h"
#include "latchkey/v1/token_service.pb.h"

// The unary methods that the authority carries out, for whoever wants one line for each:
// X(name) with messages latchkey::v1::<name>Request and <name>Response.

// Methods that change something. Their requests have a request_id, but for Acknowledge, which may
// be repeated as it is.
#define LATCHKEY_MUTATIONS(X) \
  X(CreateWorkspace)          \
  X(UpdateWorkspace)          \
  X(CreateMember)             \
  X(UpdateMember)             \
  X(DeactivateMember)         \
  X(CreateService)            \
  X(DeleteService)            \
  X(CreateOrganization)       \
  X(UpdateOrganization)       \
  X(CreateApp)                \
  X(UpdateApp)                \
  X(DeleteApp)                \
  X(AddCollaborator)          \
  X(RemoveCollaborator)       \
  X(InstallApp)               \
  X(ReinstallApp)             \
  X(UninstallApp)             \
  X(ApproveApp)               \
  X(RestrictApp)              \
  X(ResolveApprovalRequest)   \
  X(IssueToken)               \
  X(RegenerateToken)          \
  X(RotateToken)              \
  X(RevokeToken)              \
  X(BulkRevokeTokens)         \
  X(CancelBulkRevocation)     \
  X(CreateConsumer)           \
  X(DeleteConsumer)           \
  X(Acknowledge)

// Methods that read, but for the verifier's.
#define LATCHKEY_READS(X) \
  X(GetWorkspace)         \
  X(ListWorkspaces)       \
  X(GetMember)            \
  X(ListMembers)          \
  X(ListServices)         \
  X(GetOrganization)      \
  X(ListOrganizations)    \
  X(GetApp)               \
  X(ListApps)             \
  X(ListInstallations)    \
  X(ListApprovalRequests) \
  X(GetToken)             \
  X(ListTokens)           \
  X(GetBulkRevocation)    \
  X(ListBulkRevocations)  \
  X(ListEvents)           \
  X(GetEvent)             \
  X(GetCheckpoint)        \
  X(GetInclusionProof)    \
  X(GetConsistencyProof)  \
  X(GetConsumer)          \
  X(ListConsumers)        \
  X(CheckPermission)      \
  X(ListRules)            \
  X(ListPlans)            \
  X(GetStatus)

namespace latchkey {

// The response message of a request message.
template <typename Request>
struct ResponseOfImpl;
#define LATCHKEY_RESPONSE_OF_(name)             \
  template <>                                   \
  struct ResponseOfImpl<v1::name##Request> {    \
    using type = v1::name##Response;            \
    static constexpr const char* kName = #name; \
  };
LATCHKEY_MUTATIONS(LATCHKEY_RESPONSE_OF_)
LATCHKEY_READS(LATCHKEY_RESPONSE_OF_)
#undef LATCHKEY_RESPONSE_OF_
template <typename Request>
using ResponseOf = typename ResponseOfImpl<Request>::type;
// The short name of a request's method.
template <typename Request>
constexpr const char* MethodName() {
  return ResponseOfImpl<Request>::kName;
}

}  // namespace latchkey

#endif  // LATCHKEY_SERVER_AUTHORITY_METHODS_H_
