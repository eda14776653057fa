// A thousand subscribers of whom a tenth never read: writers and the others go on as if those were
// not there, and each of them costs no more than what is under way to it.
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/support/client_callback.h"
#include "gtest/gtest.h"
#include "latchkey/v1/audit_service.grpc.pb.h"
#include "latchkey/v1/directory_service.grpc.pb.h"
#include "server/base/mutex.h"
#include "tests/rpc/server_fixture.h"

namespace latchkey::testing {
namespace {

// A sanitizer makes each stream take several times the time and memory, and finds by a hundred
// what it finds by a thousand.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMeasuresMemory = false;
constexpr std::size_t kSubscribers = 100;
#else
constexpr bool kMeasuresMemory = true;
constexpr std::size_t kSubscribers = 1000;
#endif
constexpr std::size_t kOneInThatNeverReads = 10;
constexpr std::size_t kSubscribersOfConnection = 50;

constexpr std::size_t kWriters = 4;
constexpr std::size_t kWritesOfWriter = 150;  // in each of two rounds
// What a response holds at most, and what may be under way to who does not read: the window of its
// stream, a response that waits for it, and one that is half read.
constexpr std::size_t kMaxBytes = std::size_t{32} << 10;
constexpr std::size_t kBytesUnderWay = (std::size_t{64} << 10) + 2 * kMaxBytes;
// What a change may take in the store and in the memory of events, and a subscriber on both sides.
constexpr std::size_t kBytesOfWrite = std::size_t{4} << 10;
constexpr std::size_t kBytesOfSubscriber = std::size_t{256} << 10;

// Only so that a test that fails ends.
constexpr absl::Duration kPatience = absl::Seconds(60);

// The memory of this process: server, store and subscribers.
std::size_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t pages = 0;
  file >> pages >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

// Takes one response of the log, and no other until Follow(). Thread-safe.
class Subscriber final : public grpc::ClientReadReactor<v1::SubscribeResponse> {
 public:
  Subscriber(v1::AuditService::Stub& stub, std::unique_ptr<grpc::ClientContext> context,
             std::uint64_t after)
      : context_(std::move(context)), last_(after), through_(after) {
    request_.set_after_revision(after);
    request_.set_max_bytes(kMaxBytes);
    request_.set_serialized(true);
    stub.async()->Subscribe(context_.get(), &request_, this);
    // Without a read under way the call would end by itself.
    AddHold();
    StartRead(&response_);
    StartCall();
  }

  // Reads whatever comes from now on. Once.
  void Follow() {
    {
      const MutexLock lock(mu_);
      follows_ = true;
    }
    StartRead(&response_);
  }
  // Once, at the end.
  void Cancel() {
    context_->TryCancel();
    RemoveHold();
  }

  void OnReadDone(bool ok) override {
    bool goes_on = false;
    {
      const MutexLock lock(mu_);
      if (ok) Take();
      goes_on = ok && follows_;
      changed_.NotifyAll();
    }
    if (goes_on) StartRead(&response_);
  }
  void OnDone(const grpc::Status&) override {
    const MutexLock lock(mu_);
    done_ = true;
    changed_.NotifyAll();
  }

  // Wait; false after kPatience.
  bool AwaitThrough(std::uint64_t revision) {
    const MutexLock lock(mu_);
    while (through_ < revision) {
      if (!changed_.WaitFor(mu_, kPatience)) return false;
    }
    return true;
  }
  bool AwaitDone() {
    const MutexLock lock(mu_);
    while (!done_) {
      if (!changed_.WaitFor(mu_, kPatience)) return false;
    }
    return true;
  }

  std::uint64_t through() const {
    const MutexLock lock(mu_);
    return through_;
  }
  // Whether every event up to `newest` came, each once and in order.
  bool HasAll(std::uint64_t newest) const {
    const MutexLock lock(mu_);
    return dense_ && last_ == newest;
  }
  // The size of the responses that the server had made before the log ended at `newest`.
  std::size_t BytesMadeBefore(std::uint64_t newest) const {
    const MutexLock lock(mu_);
    std::size_t sum = 0;
    for (const auto& [end, bytes] : responses_) sum += end < newest ? bytes : 0;
    return sum;
  }

 private:
  void Take() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    for (const std::string& bytes : response_.serialized_events()) {
      dense_ = dense_ && SequenceOf(bytes) == last_ + 1;
      ++last_;
    }
    through_ = response_.complete_through();
    responses_.emplace_back(response_.newest(), response_.ByteSizeLong());
  }

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
  v1::SubscribeRequest request_;
  v1::SubscribeResponse response_;  // of the one read that is under way
  mutable Mutex mu_;
  CondVar changed_;
  bool follows_ ABSL_GUARDED_BY(mu_) = false;
  bool dense_ ABSL_GUARDED_BY(mu_) = true;
  bool done_ ABSL_GUARDED_BY(mu_) = false;
  std::uint64_t last_ ABSL_GUARDED_BY(mu_);
  std::uint64_t through_ ABSL_GUARDED_BY(mu_);
  // Where the log ended, and the size, of each response.
  std::vector<std::pair<std::uint64_t, std::size_t>> responses_ ABSL_GUARDED_BY(mu_);
};

using Subscribers = std::vector<std::unique_ptr<Subscriber>>;

class SubscribeLoadTest : public ServerTest {
 protected:
  // Opens the streams, and waits until each has its first response.
  void Open() {
    const std::uint64_t newest = authority_->events().newest();
    for (std::size_t i = 0; i < kSubscribers; ++i) {
      if (i % kSubscribersOfConnection == 0) {
        stubs_.push_back(v1::AuditService::NewStub(NewOwnChannel()));
      }
      auto context = std::make_unique<grpc::ClientContext>();
      context->AddMetadata("authorization", absl::StrCat("Bearer ", authority_.operator_secret()));
      auto& group = i % kOneInThatNeverReads == 0 ? still_ : readers_;
      group.push_back(std::make_unique<Subscriber>(*stubs_.back(), std::move(context), newest - 1));
    }
    for (const Subscribers* group : {&still_, &readers_}) {
      for (const auto& subscriber : *group) ASSERT_TRUE(subscriber->AwaitThrough(newest));
    }
  }

  // Calls of writers at once; each must be answered well, and by a later revision than the one
  // before it. Returns when all are.
  void Write() {
    std::vector<std::thread> writers;
    for (std::size_t i = 0; i < kWriters; ++i) {
      writers.emplace_back([this, stub = std::shared_ptr<v1::DirectoryService::Stub>(
                                      v1::DirectoryService::NewStub(NewOwnChannel()))] {
        std::uint64_t revision = 0;
        for (std::size_t number = 0; number < kWritesOfWriter; ++number) {
          v1::UpdateWorkspaceRequest request;
          v1::UpdateWorkspaceResponse response;
          request.mutable_workspace()->set_name("workspaces/acme");
          request.mutable_workspace()->set_display_name(
              std::string(250, static_cast<char>('a' + number % 26)));
          request.mutable_update_mask()->add_paths("display_name");
          const grpc::Status status = stub->UpdateWorkspace(AsOperator().get(), request, &response);
          ASSERT_TRUE(status.ok()) << status.error_message();
          ASSERT_GT(response.revision(), revision);
          revision = response.revision();
        }
      });
    }
    for (std::thread& writer : writers) writer.join();
  }

  // A connection that is shared with no other channel.
  std::shared_ptr<grpc::Channel> NewOwnChannel() {
    grpc::ChannelArguments arguments;
    arguments.SetInt("latchkey.test.channel", ++channels_);
    // Or the client would take in, and keep for those who do not read, what the server has.
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    return grpc::CreateCustomChannel(server_->address(0), grpc::InsecureChannelCredentials(),
                                     arguments);
  }

  int channels_ = 0;
  std::vector<std::unique_ptr<v1::AuditService::Stub>> stubs_;
  Subscribers still_;
  Subscribers readers_;
};

TEST_F(SubscribeLoadTest, WhoNeverReadsHoldsUpNobodyAndCostsNoMoreThanWhatIsUnderWay) {
  MakeWorkspace("acme");
  const std::uint64_t first = authority_->events().newest();
  ASSERT_NO_FATAL_FAILURE(Open());
  const std::size_t before = ResidentBytes();

  // While not a single one reads, writers get their answers.
  ASSERT_NO_FATAL_FAILURE(Write());
  EXPECT_EQ(authority_->events().newest(), first + kWriters * kWritesOfWriter);
  for (const auto& reader : readers_) EXPECT_EQ(reader->through(), first);

  // And while nine tenths do, who get everything as well.
  for (const auto& reader : readers_) reader->Follow();
  ASSERT_NO_FATAL_FAILURE(Write());
  const std::uint64_t newest = authority_->events().newest();
  for (const auto& reader : readers_) ASSERT_TRUE(reader->AwaitThrough(newest));
  const std::size_t grown = ResidentBytes() - before;
  for (const auto& reader : readers_) EXPECT_TRUE(reader->HasAll(newest));
  std::printf("%zu subscribers, memory grew by %zu KiB\n", kSubscribers, grown >> 10);
  if (kMeasuresMemory) {
    EXPECT_LT(grown,
              2 * kWriters * kWritesOfWriter * kBytesOfWrite + kSubscribers * kBytesOfSubscriber);
  }

  // Nor did the others lose anything; but what was made for them waited for their reading.
  for (const auto& subscriber : still_) EXPECT_EQ(subscriber->through(), first);
  std::size_t under_way = 0;
  for (const auto& subscriber : still_) subscriber->Follow();
  for (const auto& subscriber : still_) {
    ASSERT_TRUE(subscriber->AwaitThrough(newest));
    EXPECT_TRUE(subscriber->HasAll(newest));
    under_way = std::max(under_way, subscriber->BytesMadeBefore(newest));
  }
  std::printf("at most %zu KiB were under way to one\n", under_way >> 10);
  EXPECT_LE(under_way, kBytesUnderWay);

  for (const Subscribers* group : {&still_, &readers_}) {
    for (const auto& subscriber : *group) subscriber->Cancel();
    for (const auto& subscriber : *group) EXPECT_TRUE(subscriber->AwaitDone());
  }
}

}  // namespace
}  // namespace latchkey::testing
