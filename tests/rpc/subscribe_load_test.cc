// Many subscribers of whom a tenth never read: they hold up nobody, and cost no more than a
// response each. LATCHKEY_SUBSCRIBERS sets how many; 1000 take some minutes where the build is for
// debugging.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/support/client_callback.h"
#include "gtest/gtest.h"
#include "latchkey/v1/audit_service.grpc.pb.h"
#include "tests/rpc/server_fixture.h"

namespace latchkey::testing {
namespace {

// What a change may take in the store and in the memory of events, and a subscriber on both sides.
constexpr std::size_t kBytesOfWrite = 4 << 10;
constexpr std::size_t kBytesOfSubscriber = 256 << 10;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMeasuresMemory = false;
constexpr std::size_t kWrites = 400;
constexpr int kSubscribers = 50;
#else
constexpr bool kMeasuresMemory = true;
constexpr std::size_t kWrites = 4000;
constexpr int kSubscribers = 200;
#endif

int Subscribers() {
  const char* text = std::getenv("LATCHKEY_SUBSCRIBERS");
  return text == nullptr ? kSubscribers : std::atoi(text);
}

// The memory of this process: server, store and subscribers.
std::size_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t pages = 0;
  file >> pages >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

// Follows the log; or has a stream and never reads from it, once it has begun.
class Subscriber final : public grpc::ClientReadReactor<v1::SubscribeResponse> {
 public:
  Subscriber(v1::AuditService::Stub& stub, std::unique_ptr<grpc::ClientContext> context,
             std::uint64_t after, bool reads)
      : context_(std::move(context)), reads_(reads), last_(after), through_(after) {
    request_.set_after_revision(after);
    request_.set_max_bytes(32 * 1024);
    request_.set_serialized(true);
    stub.async()->Subscribe(context_.get(), &request_, this);
    // Without a read under way the call would end by itself.
    if (!reads_) AddHold();
    StartRead(&response_);
    StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    for (const std::string& bytes : response_.serialized_events()) {
      in_order_ = in_order_ && SequenceOf(bytes) == last_ + 1;
      ++last_;
    }
    through_ = response_.complete_through();
    begun_ = true;
    // Who never reads does so from the first response on.
    if (reads_) StartRead(&response_);
  }
  void OnDone(const grpc::Status&) override { done_ = true; }

  void Cancel() {
    context_->TryCancel();
    if (!reads_) RemoveHold();
  }
  bool begun() const { return begun_; }
  bool done() const { return done_; }
  std::uint64_t through() const { return through_; }
  bool HasAll(std::uint64_t newest) const { return in_order_ && last_ == newest; }

 private:
  // The first field of an event.
  static std::uint64_t SequenceOf(const std::string& bytes) {
    std::uint64_t sequence = 0;
    for (std::size_t i = 1, shift = 0; i < bytes.size(); ++i, shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes[i]);
      sequence |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) break;
    }
    return sequence;
  }

  const std::unique_ptr<grpc::ClientContext> context_;
  const bool reads_;
  v1::SubscribeRequest request_;
  v1::SubscribeResponse response_;
  bool in_order_ = true;
  std::uint64_t last_;
  std::atomic<std::uint64_t> through_;
  std::atomic<bool> begun_{false};
  std::atomic<bool> done_{false};
};

class SubscribeLoadTest : public ServerTest {
 protected:
  void Write(std::size_t number) {
    v1::UpdateWorkspaceRequest request;
    request.mutable_workspace()->set_name("workspaces/acme");
    request.mutable_workspace()->set_display_name(
        std::string(250, static_cast<char>('a' + number % 26)));
    request.mutable_update_mask()->add_paths("display_name");
    const auto written = authority_.Call(TestAuthority::Operator(), request);
    ASSERT_TRUE(written.ok()) << written.status();
  }

  std::vector<std::unique_ptr<Subscriber>> Open(int count) {
    std::vector<std::unique_ptr<Subscriber>> subscribers;
    const std::uint64_t after = authority_->events().newest() - 1;
    for (int i = 0; i < count; ++i) {
      if (i % 50 == 0) stubs_.push_back(v1::AuditService::NewStub(NewOwnChannel(i)));
      auto context = std::make_unique<grpc::ClientContext>();
      context->AddMetadata("authorization", absl::StrCat("Bearer ", authority_.operator_secret()));
      subscribers.push_back(std::make_unique<Subscriber>(*stubs_.back(), std::move(context), after,
                                                         /*reads=*/i % 10 != 0));
    }
    return subscribers;
  }
  // A connection that is shared with no other channel.
  std::shared_ptr<grpc::Channel> NewOwnChannel(int number) const {
    grpc::ChannelArguments arguments;
    arguments.SetInt("latchkey.test.channel", number);
    // Or the client would take in, and keep for those who do not read, what the server has.
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    return grpc::CreateCustomChannel(server_->address(0), grpc::InsecureChannelCredentials(),
                                     arguments);
  }

  std::vector<std::unique_ptr<v1::AuditService::Stub>> stubs_;
};

void Wait(const std::function<bool()>& done) {
  while (!done()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

TEST_F(SubscribeLoadTest, ATenthThatNeverReadsHoldsUpNobodyAndCostsAResponseEach) {
  MakeWorkspace("acme");
  const auto subscribers = Open(Subscribers());
  for (const auto& subscriber : subscribers) Wait([&] { return subscriber->begun(); });
  const std::size_t before = ResidentBytes();

  for (std::size_t i = 0; i < kWrites; ++i) ASSERT_NO_FATAL_FAILURE(Write(i));
  const std::uint64_t newest = authority_->events().newest();
  for (std::size_t i = 0; i < subscribers.size(); ++i) {
    if (i % 10 != 0) Wait([&] { return subscribers[i]->through() >= newest; });
  }
  const std::size_t grown = ResidentBytes() - before;

  for (std::size_t i = 0; i < subscribers.size(); ++i) {
    if (i % 10 == 0) {
      EXPECT_LT(subscribers[i]->through(), newest) << i;
    } else {
      EXPECT_TRUE(subscribers[i]->HasAll(newest)) << i;
    }
  }
  std::printf("%zu subscribers, memory grew by %zu KiB\n", subscribers.size(), grown >> 10);
  if (kMeasuresMemory) {
    EXPECT_LT(grown, kWrites * kBytesOfWrite + subscribers.size() * kBytesOfSubscriber);
  }
  for (const auto& subscriber : subscribers) subscriber->Cancel();
  for (const auto& subscriber : subscribers) Wait([&] { return subscriber->done(); });
}

}  // namespace
}  // namespace latchkey::testing
