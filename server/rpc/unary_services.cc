#include "server/rpc/unary_services.h"

namespace latchkey::rpc {
namespace {

// Calls that gRPC is asked for ahead: a mutation may come in a burst, a read seldom does.
constexpr int kWaitingMutations = 8;
constexpr int kWaitingReads = 2;

template <typename Request, typename Ask>
std::unique_ptr<Method> MakeMutation(const CallFrame& frame, CallPoller& poller, Ask ask) {
  using Unary = UnaryMethod<Request, ResponseOf<Request>>;
  return std::make_unique<Unary>(
      frame, poller,
      typename Unary::Options{
          .name = MethodName<Request>(),
          .ask = std::move(ask),
          .serve = [frame](typename Unary::Call& call) { ServeMutation<Request>(frame, call); },
          .waiting = kWaitingMutations});
}

template <typename Request, typename Ask>
std::unique_ptr<Method> MakeRead(const CallFrame& frame, CallPoller& poller, Ask ask) {
  using Unary = UnaryMethod<Request, ResponseOf<Request>>;
  return std::make_unique<Unary>(
      frame, poller,
      typename Unary::Options{
          .name = MethodName<Request>(),
          .ask = std::move(ask),
          .serve = [frame](typename Unary::Call& call) { ServeRead<Request>(frame, call); },
          .waiting = kWaitingReads});
}

std::unique_ptr<Method> MakeBulkRevoke(const CallFrame& frame, CallPoller& poller,
                                       TokenServiceCalls& calls) {
  using Unary = UnaryMethod<v1::BulkRevokeTokensRequest, v1::BulkRevokeTokensResponse>;
  return std::make_unique<Unary>(
      frame, poller,
      Unary::Options{.name = MethodName<v1::BulkRevokeTokensRequest>(),
                     .ask = [&calls](auto... args) { calls.RequestBulkRevokeTokens(args...); },
                     .serve = [frame](Unary::Call& call) { ServeBulkRevoke(frame, call); },
                     .waiting = kWaitingReads});
}

}  // namespace

// One method of `service`, a member of AuthorityServices.
#define LATCHKEY_MUTATION_(service, name)            \
  methods.push_back(MakeMutation<v1::name##Request>( \
      frame, poller,                                 \
      [&calls = services.service](auto... args) { calls.Request##name(args...); }));
#define LATCHKEY_READ_(service, name)            \
  methods.push_back(MakeRead<v1::name##Request>( \
      frame, poller,                             \
      [&calls = services.service](auto... args) { calls.Request##name(args...); }));

std::vector<std::unique_ptr<Method>> MakeAuthorityMethods(const CallFrame& frame,
                                                          CallPoller& poller,
                                                          AuthorityServices& services) {
  std::vector<std::unique_ptr<Method>> methods;
  LATCHKEY_MUTATION_(directory, CreateWorkspace)
  LATCHKEY_READ_(directory, GetWorkspace)
  LATCHKEY_READ_(directory, ListWorkspaces)
  LATCHKEY_MUTATION_(directory, UpdateWorkspace)
  LATCHKEY_MUTATION_(directory, CreateMember)
  LATCHKEY_READ_(directory, GetMember)
  LATCHKEY_READ_(directory, ListMembers)
  LATCHKEY_MUTATION_(directory, UpdateMember)
  LATCHKEY_MUTATION_(directory, DeactivateMember)
  LATCHKEY_MUTATION_(directory, CreateService)
  LATCHKEY_READ_(directory, ListServices)
  LATCHKEY_MUTATION_(directory, DeleteService)
  LATCHKEY_MUTATION_(directory, CreateOrganization)
  LATCHKEY_READ_(directory, GetOrganization)
  LATCHKEY_READ_(directory, ListOrganizations)
  LATCHKEY_MUTATION_(directory, UpdateOrganization)
  LATCHKEY_MUTATION_(apps, CreateApp)
  LATCHKEY_READ_(apps, GetApp)
  LATCHKEY_READ_(apps, ListApps)
  LATCHKEY_MUTATION_(apps, UpdateApp)
  LATCHKEY_MUTATION_(apps, DeleteApp)
  LATCHKEY_MUTATION_(apps, AddCollaborator)
  LATCHKEY_MUTATION_(apps, RemoveCollaborator)
  LATCHKEY_MUTATION_(apps, InstallApp)
  LATCHKEY_MUTATION_(apps, ReinstallApp)
  LATCHKEY_MUTATION_(apps, UninstallApp)
  LATCHKEY_READ_(apps, ListInstallations)
  LATCHKEY_MUTATION_(apps, ApproveApp)
  LATCHKEY_MUTATION_(apps, RestrictApp)
  LATCHKEY_READ_(apps, ListApprovalRequests)
  LATCHKEY_MUTATION_(apps, ResolveApprovalRequest)
  LATCHKEY_MUTATION_(tokens, IssueToken)
  LATCHKEY_READ_(tokens, GetToken)
  LATCHKEY_READ_(tokens, ListTokens)
  LATCHKEY_MUTATION_(tokens, RegenerateToken)
  LATCHKEY_MUTATION_(tokens, RotateToken)
  LATCHKEY_MUTATION_(tokens, RevokeToken)
  methods.push_back(MakeBulkRevoke(frame, poller, services.tokens));
  LATCHKEY_READ_(tokens, GetBulkRevocation)
  LATCHKEY_READ_(tokens, ListBulkRevocations)
  LATCHKEY_MUTATION_(tokens, CancelBulkRevocation)
  LATCHKEY_READ_(policy, CheckPermission)
  LATCHKEY_READ_(policy, ListRules)
  LATCHKEY_READ_(policy, ListPlans)
  LATCHKEY_READ_(admin, GetStatus)
  LATCHKEY_READ_(audit, ListEvents)
  LATCHKEY_READ_(audit, GetEvent)
  LATCHKEY_READ_(audit, GetCheckpoint)
  LATCHKEY_READ_(audit, GetInclusionProof)
  LATCHKEY_READ_(audit, GetConsistencyProof)
  LATCHKEY_MUTATION_(audit, CreateConsumer)
  LATCHKEY_READ_(audit, GetConsumer)
  LATCHKEY_READ_(audit, ListConsumers)
  LATCHKEY_MUTATION_(audit, DeleteConsumer)
  LATCHKEY_MUTATION_(audit, Acknowledge)
  return methods;
}

#undef LATCHKEY_MUTATION_
#undef LATCHKEY_READ_

}  // namespace latchkey::rpc
