#include "server/rpc/health_service.h"

#include "server/authority/errors.h"
#include "server/rpc/health_watch.h"
#include "server/rpc/status_conversion.h"

namespace latchkey::rpc {

namespace {

// Longer than any service's name: a watch keeps the name that it was given.
constexpr std::size_t kMaxServiceNameBytes = 256;

}  // namespace

using CheckMethod = UnaryMethod<grpc::health::v1::HealthCheckRequest, HealthService::Response>;

HealthService::HealthService(const CallFrame& frame, CallPoller& poller, std::size_t max_watches)
    : frame_(frame),
      poller_(poller),
      max_watches_(max_watches),
      check_(std::make_unique<CheckMethod>(
          frame, poller,
          CheckMethod::Options{.name = "Check",
                               .ask = [this](auto... args) { calls_.RequestCheck(args...); },
                               .serve =
                                   [this](auto& call) {
                                     call.Finish(Check(call.request().service(), call.response()));
                                   }})),
      serving_({{"", true}}) {}

HealthService::~HealthService() = default;

void HealthService::Start() {
  check_->Start();
  WaitForWatch();
}

absl::Status HealthService::Check(absl::string_view service, Response& response) {
  MutexLock lock(mu_);
  const Status status = StatusOf(service);
  if (status == Response::SERVICE_UNKNOWN) return ResourceNotFoundError("this service");
  response.set_status(status);
  return absl::OkStatus();
}

HealthService::Status HealthService::StatusOf(absl::string_view service) const {
  const auto it = serving_.find(service);
  if (it == serving_.end()) return Response::SERVICE_UNKNOWN;
  return it->second ? Response::SERVING : Response::NOT_SERVING;
}

void HealthService::SetServing(absl::string_view service, bool serving) {
  MutexLock lock(mu_);
  if (shut_down_) return;
  const auto [it, is_new] = serving_.try_emplace(std::string(service), serving);
  if (!is_new && it->second == serving) return;
  it->second = serving;
  for (HealthWatch* watch : watches_) {
    if (watch->watched() == service) watch->Tell(StatusOf(service));
  }
}

void HealthService::Shutdown() {
  MutexLock lock(mu_);
  shut_down_ = true;
  for (auto& [service, serving] : serving_) serving = false;
  for (HealthWatch* watch : watches_) {
    watch->Tell(StatusOf(watch->watched()));
    watch->End(ShuttingDownError());
  }
}

void HealthService::WaitForWatch() {
  poller_.AddPlace();
  auto* watch = new HealthWatch(frame_, poller_, *this);  // deletes itself
  watch->Wait([this](auto... args) { calls_.RequestWatch(args...); });
}

void HealthService::Add(HealthWatch* watch, const absl::Status& asked) {
  WaitForWatch();
  MutexLock lock(mu_);
  // Also one that ends at once, so that its OnDone() waits for this call to return.
  watches_.insert(watch);
  if (watches_.size() > max_watches_) {
    return watch->End(OverloadedError("as many watches are open as the server takes"));
  }
  if (!asked.ok()) return watch->End(asked);
  if (watch->watched().size() > kMaxServiceNameBytes) {
    return watch->End(InvalidFieldError("service",
                                        "is longer than any service's name; it takes at "
                                        "most 256 bytes"));
  }
  watch->Tell(StatusOf(watch->watched()));
  if (shut_down_) watch->End(ShuttingDownError());
}

void HealthService::Remove(HealthWatch* watch) {
  MutexLock lock(mu_);
  watches_.erase(watch);
}

}  // namespace latchkey::rpc
