#ifndef LATCHKEY_SERVER_RPC_HEALTH_SERVICE_H_
#define LATCHKEY_SERVER_RPC_HEALTH_SERVICE_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "server/base/mutex.h"
#include "server/rpc/call_frame.h"
#include "server/rpc/call_poller.h"
#include "server/rpc/mixin.h"
#include "server/rpc/unary_method.h"

namespace latchkey::rpc {

class HealthWatch;

// grpc.health.v1 for the server as a whole ("") and for each service that was given a status.
// Anybody may ask. gRPC has such a service of its own, but on its callback interface (CallPoller
// says why not). Thread-safe.
class HealthService {
 public:
  using Response = grpc::health::v1::HealthCheckResponse;
  using Status = Response::ServingStatus;

  // What is given outlives it.
  HealthService(const CallFrame& frame, CallPoller& poller, std::size_t max_watches);
  // Every watch must be gone: CallPoller::Stop() returned.
  ~HealthService();
  HealthService(const HealthService&) = delete;
  HealthService& operator=(const HealthService&) = delete;

  // The service to register with the server.
  grpc::Service& service() { return calls_; }

  // Begins to serve. Once, after the server was started.
  void Start();

  // Says how a service is, and tells whoever watches it.
  void SetServing(absl::string_view service, bool serving);

  // Says that nothing serves any more, and ends every watch, also later ones.
  void Shutdown();

 private:
  friend class HealthWatch;

  void WaitForWatch();
  // Takes in a watch that got its call, or ends it; `asked` says whether its request can be read.
  void Add(HealthWatch* watch, const absl::Status& asked);
  void Remove(HealthWatch* watch);
  Status StatusOf(absl::string_view service) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Check(absl::string_view service, Response& response);

  const CallFrame frame_;
  CallPoller& poller_;
  const std::size_t max_watches_;
  Mixin<grpc::health::v1::Health::Service, grpc::health::v1::Health::WithRawMethod_Check,
        grpc::health::v1::Health::WithRawMethod_Watch>
      calls_;
  const std::unique_ptr<Method> check_;
  Mutex mu_;  // taken before that of a watch
  absl::flat_hash_map<std::string, bool> serving_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_set<HealthWatch*> watches_ ABSL_GUARDED_BY(mu_);
  bool shut_down_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace latchkey::rpc

#endif  // LATCHKEY_SERVER_RPC_HEALTH_SERVICE_H_
