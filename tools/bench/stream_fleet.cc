#include "tools/bench/stream_fleet.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/slice.h"
#include "server/base/status_macros.h"
#include "tools/bench/interrupt.h"

namespace latchkey::benchmark {
namespace {

constexpr absl::Duration kOpenTimeout = absl::Seconds(30);

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.DumpToSingleSlice(&slice).ok()) return "";
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

}  // namespace

std::size_t CountEvents(const std::string& response) {
  using google::protobuf::internal::WireFormatLite;
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(response.data()),
                                            static_cast<int>(response.size()));
  std::size_t events = 0;
  while (const std::uint32_t tag = in.ReadTag()) {
    const int number = WireFormatLite::GetTagFieldNumber(tag);
    if (number == 1 || number == 6) ++events;
    if (!WireFormatLite::SkipField(&in, tag)) break;
  }
  return events;
}

// One stream: started, then asked once, then read from.
class StreamFleet::Stream {
 public:
  Stream(StreamFleet& fleet, std::size_t number)
      : fleet_(fleet), reads_(fleet.options_.reads == nullptr || fleet.options_.reads(number)) {
    SetUpCall(fleet.options_.metadata, context_);
    context_.set_deadline(std::chrono::system_clock::time_point::max());
    const grpc::Slice request(fleet.options_.request(number));
    request_ = grpc::ByteBuffer(&request, 1);
    call_ = fleet.stubs_[number % fleet.stubs_.size()]->PrepareCall(
        &context_, fleet.options_.method, &fleet.queue_);
    call_->StartCall(this);
  }

  // Goes on after an operation.
  void Proceed(bool ok) {
    if (!ok || fleet_.stopping_) return Fail();
    switch (state_) {
      case State::kStarting:
        state_ = State::kAsking;
        call_->WriteLast(request_, {}, this);
        return;
      case State::kAsking:
        state_ = State::kReading;
        break;
      case State::kReading:
        Take();
        if (!reads_) return;
        break;
    }
    call_->Read(&response_, this);
  }
  void Cancel() { context_.TryCancel(); }

 private:
  enum class State { kStarting, kAsking, kReading };

  void Fail() {
    if (!fleet_.stopping_) fleet_.failed_ = true;
  }
  void Take() {
    const std::string bytes = BytesOf(response_);
    response_.Clear();
    const std::size_t events = CountEvents(bytes);
    if (events > 0 && fleet_.first_response_.empty()) fleet_.first_response_ = bytes;
    fleet_.events_ += events;
    if (!std::exchange(begun_, true)) ++fleet_.begun_;
  }

  StreamFleet& fleet_;
  const bool reads_;
  State state_ = State::kStarting;
  bool begun_ = false;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

StreamFleet::StreamFleet(Options options) : options_(std::move(options)) {}

absl::StatusOr<std::unique_ptr<StreamFleet>> StreamFleet::Open(const Channels& channels,
                                                               const Options& options) {
  std::unique_ptr<StreamFleet> fleet(new StreamFleet(options));
  for (const auto& channel : channels) {
    fleet->stubs_.push_back(std::make_unique<grpc::GenericStub>(channel));
  }
  for (std::size_t i = 0; i < options.count; ++i) {
    fleet->streams_.push_back(std::make_unique<Stream>(*fleet, i));
  }
  fleet->thread_ = std::thread([f = fleet.get()] { f->Read(); });
  const absl::Time until = absl::Now() + kOpenTimeout;
  while (fleet->begun_ < options.count) {
    LATCHKEY_RETURN_IF_ERROR(CheckInterrupt());
    if (fleet->failed_) return absl::InternalError(absl::StrCat(options.method, " ended"));
    if (absl::Now() > until) return absl::DeadlineExceededError("streams did not begin in time");
    absl::SleepFor(absl::Milliseconds(1));
  }
  return fleet;
}

StreamFleet::~StreamFleet() { Stop(); }

void StreamFleet::Read() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
    MutexLock lock(mu_);
    static_cast<Stream*>(tag)->Proceed(ok);
  }
}

void StreamFleet::Stop() {
  {
    // Nothing is begun on the queue after this.
    MutexLock lock(mu_);
    if (stopping_.exchange(true)) return;
  }
  for (const auto& stream : streams_) stream->Cancel();
  queue_.Shutdown();
  if (thread_.joinable()) thread_.join();
}

std::string StreamFleet::StopAndTakeResponse() {
  Stop();
  return std::move(first_response_);
}

absl::Status StreamFleet::WaitForEvents(std::uint64_t events, absl::Duration timeout) const {
  const absl::Time until = absl::Now() + timeout;
  while (events_ < events) {
    LATCHKEY_RETURN_IF_ERROR(CheckInterrupt());
    if (failed_) return absl::InternalError(absl::StrCat(options_.method, " ended"));
    if (absl::Now() > until) {
      return absl::DeadlineExceededError(absl::StrCat(events_.load(), " of ", events, " events"));
    }
    absl::SleepFor(absl::Microseconds(200));
  }
  return absl::OkStatus();
}

}  // namespace latchkey::benchmark
