#include "tools/bench/closed_loop.h"

#include <chrono>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/base/status_macros.h"
#include "tools/bench/interrupt.h"
#include "tools/bench/process.h"
#include "tools/bench/statistics.h"

namespace latchkey::benchmark {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;
constexpr std::size_t kReservedCalls = std::size_t{1} << 18;

double Microseconds(absl::Duration duration) { return absl::ToDoubleMicroseconds(duration); }

// The clocks at one moment.
struct Moment {
  SteadyTime time;
  absl::Duration server_cpu;
  absl::Duration client_cpu;
};

absl::StatusOr<absl::Duration> CpuTimeOrZero(pid_t pid) {
  return pid == 0 ? absl::ZeroDuration() : CpuTimeOf(pid);
}

class ClosedLoop {
 public:
  ClosedLoop(Load& load, const LoopOptions& options) : options_(options) {
    for (int i = 0; i < options.outstanding; ++i) {
      places_.push_back({load.NewSlot(static_cast<std::size_t>(i)), {}});
    }
    for (Place& place : places_) by_slot_.emplace(place.slot.get(), &place);
    latencies_ms_.reserve(kReservedCalls);
  }

  absl::StatusOr<Sample> Run() {
    for (Place& place : places_) Start(place);
    LATCHKEY_RETURN_IF_ERROR(RunFor(options_.warm_up));
    latencies_ms_.clear();
    LATCHKEY_ASSIGN_OR_RETURN(const Moment before, Now());
    LATCHKEY_RETURN_IF_ERROR(RunFor(options_.measure));
    LATCHKEY_ASSIGN_OR_RETURN(const Moment after, Now());
    const std::uint64_t calls = latencies_ms_.size();
    LATCHKEY_RETURN_IF_ERROR(Drain());
    if (calls == 0) return absl::DeadlineExceededError("no call ended in the time that counts");
    return Summarize(calls, before, after);
  }

  ~ClosedLoop() {
    Drain().IgnoreError();
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

 private:
  struct Place {
    std::unique_ptr<Slot> slot;
    SteadyTime start;
  };

  void Start(Place& place) {
    if (started_ >= options_.max_calls) return;
    ++started_;
    ++outstanding_;
    place.start = std::chrono::steady_clock::now();
    place.slot->Start(queue_);
  }

  // Takes the next answer, and returns the place that is free again.
  absl::StatusOr<Place*> Take() {
    void* tag = nullptr;
    bool ok = false;
    if (!queue_.Next(&tag, &ok)) return absl::InternalError("the client's queue has ended");
    --outstanding_;
    Place* place = by_slot_.find(static_cast<Slot*>(tag))->second;
    const std::chrono::duration<float, std::milli> latency =
        std::chrono::steady_clock::now() - place->start;
    LATCHKEY_RETURN_IF_ERROR(place->slot->Finish());
    latencies_ms_.push_back(latency.count());
    return place;
  }

  absl::Status RunFor(absl::Duration duration) {
    const SteadyTime end = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(duration);
    while (outstanding_ > 0 && std::chrono::steady_clock::now() < end) {
      LATCHKEY_RETURN_IF_ERROR(CheckInterrupt());
      LATCHKEY_ASSIGN_OR_RETURN(Place * place, Take());
      Start(*place);
    }
    return absl::OkStatus();
  }

  // Waits for what is under way. Calls have deadlines, so that it ends.
  absl::Status Drain() {
    absl::Status first;
    while (outstanding_ > 0) first.Update(Take().status());
    return first;
  }

  absl::StatusOr<Moment> Now() const {
    Moment moment;
    LATCHKEY_ASSIGN_OR_RETURN(moment.server_cpu, CpuTimeOrZero(options_.server_pid));
    LATCHKEY_ASSIGN_OR_RETURN(moment.client_cpu, CpuTimeOf(getpid()));
    moment.time = std::chrono::steady_clock::now();
    return moment;
  }

  Sample Summarize(std::uint64_t calls, const Moment& before, const Moment& after) {
    Sample sample;
    sample.calls = calls;
    sample.seconds = std::chrono::duration<double>(after.time - before.time).count();
    const auto count = static_cast<double>(calls);
    latencies_ms_.resize(calls);
    sample.calls_per_second = count / sample.seconds;
    sample.p50_ms = QuantileOf(latencies_ms_, 0.50);
    sample.p99_ms = QuantileOf(latencies_ms_, 0.99);
    sample.server_cpu_us = Microseconds(after.server_cpu - before.server_cpu) / count;
    sample.client_cpu_us = Microseconds(after.client_cpu - before.client_cpu) / count;
    return sample;
  }

  const LoopOptions options_;
  grpc::CompletionQueue queue_;
  std::vector<Place> places_;
  std::unordered_map<Slot*, Place*> by_slot_;
  std::uint64_t started_ = 0;
  int outstanding_ = 0;
  std::vector<float> latencies_ms_;
};

}  // namespace

absl::StatusOr<Sample> RunClosedLoop(Load& load, const LoopOptions& options) {
  return ClosedLoop(load, options).Run();
}

}  // namespace latchkey::benchmark
