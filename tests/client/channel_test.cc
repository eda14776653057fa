#include "client/channel.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/client.h"
#include "gmock/gmock.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "grpcpp/channel.h"
#include "gtest/gtest.h"
#include "tests/rpc/test_certificates.h"
#include "tests/testing/status_matchers.h"
#include "tests/testing/temp_dir.h"

namespace latchkey {
namespace {

using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Not;
using testing::StatusIs;

ClientOptions To(const std::string& target) {
  ClientOptions options;
  options.target = target;
  return options;
}

TEST(ChannelTest, TargetsOnThisMachineAreTold) {
  for (const char* target :
       {"unix:/run/latchkey.sock", "unix-abstract:latchkey", "127.0.0.1:7707", "127.9.9.9:1",
        "localhost:7707", "LOCALHOST:7707", "[::1]:7707", "dns:///localhost:7707",
        "ipv4:127.0.0.1:7707", "ipv6:[::1]:7707", "::1", "localhost"}) {
    EXPECT_TRUE(IsLocalTarget(target)) << target;
  }
  for (const char* target :
       {"", "10.0.0.1:7707", "latchkey.example:7707", "dns:///latchkey.example:7707",
        "127.0.0.1.example:7707", "127.0.0.1.5:7707", "localhost.example:1", "[::2]:7707",
        "0.0.0.0:7707", "127.evil.example.org:1", "dns://8.8.8.8/localhost.example:1"}) {
    EXPECT_FALSE(IsLocalTarget(target)) << target;
  }
}

TEST(ChannelTest, RefusesToTalkInTheClearToAnotherMachine) {
  EXPECT_THAT(Client::Create(To("latchkey.example:7707")),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("in the clear")));

  ClientOptions bold = To("latchkey.example:7707");
  bold.send_secrets_in_clear = true;
  EXPECT_THAT(Client::Create(bold), IsOk());
  ClientOptions safe = To("latchkey.example:7707");
  safe.tls.emplace();
  EXPECT_THAT(Client::Create(safe), IsOk());
}

TEST(ChannelTest, RefusesWhatNoHeaderCanCarryAndDoesNotRepeatTheSecret) {
  ClientOptions options = To("localhost:1");
  options.secret = SecretString("lks_private\nX-Evil: 1");
  const absl::Status status = Client::Create(options).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("private")));

  options = To("localhost:1");
  options.on_behalf_of = "workspaces/acme/members/\xc3\xa4nn";
  EXPECT_THAT(Client::Create(options), StatusIs(absl::StatusCode::kInvalidArgument));
  options = To("localhost:1");
  options.user_agent = "a\r\nb";
  EXPECT_THAT(Client::Create(options), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Client::Create(To("")), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(ChannelTest, NamesTheTlsFileThatCannotBeRead) {
  ClientOptions options = To("localhost:1");
  options.tls.emplace().ca_file = "/nowhere/ca.pem";
  EXPECT_THAT(Client::Create(options),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nowhere/ca.pem")));
}

TEST(ChannelTest, HalfAClientCertificateIsRefused) {
  testing::TempDir dir;
  std::ofstream(dir.Child("cert.pem")) << "a certificate";
  ClientOptions options = To("localhost:1");
  options.tls.emplace().cert_file = dir.Child("cert.pem");
  EXPECT_THAT(Client::Create(options),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("key file")));
}

TEST(ChannelTest, AKeyOfAnotherCertificateIsNamed) {
  const testing::TempDir dir;
  const testing::TestCa ca;
  const testing::Identity ours = ca.Issue("URI:spiffe://prod/ours");
  const testing::Identity other = ca.Issue("URI:spiffe://prod/other");
  std::ofstream(dir.Child("cert.pem")) << ours.cert;
  std::ofstream(dir.Child("key.pem")) << ours.key;
  std::ofstream(dir.Child("other.pem")) << other.key;
  std::ofstream(dir.Child("torn.pem")) << ours.key.substr(0, 60) << "\n-----END PRIVATE KEY-----\n";
  ClientOptions options = To("localhost:1");
  options.tls.emplace().cert_file = dir.Child("cert.pem");
  options.tls->key_file = dir.Child("key.pem");
  EXPECT_THAT(Client::Create(options), IsOk());
  options.tls->key_file = dir.Child("other.pem");
  EXPECT_THAT(Client::Create(options), StatusIs(absl::StatusCode::kInvalidArgument,
                                                HasSubstr("other.pem is not the key of")));
  options.tls->key_file = dir.Child("torn.pem");
  EXPECT_THAT(Client::Create(options),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("without a passphrase")));
  std::ofstream(dir.Child("cut.pem")) << ours.cert.substr(0, 60) << "\n-----END CERTIFICATE-----\n";
  options.tls->cert_file = dir.Child("cut.pem");
  EXPECT_THAT(Client::Create(options),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("cut.pem holds no")));
}

// Takes connections at a unix socket and ends each at once.
class Refuser {
 public:
  explicit Refuser(const std::string& path)
      : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), address.sun_path);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd_, SOMAXCONN), 0);
  }
  ~Refuser() { ::close(fd_); }
  Refuser(const Refuser&) = delete;
  Refuser& operator=(const Refuser&) = delete;

  void RefuseNext() const { ::close(::accept(fd_, nullptr, nullptr)); }

 private:
  const int fd_;
};

TEST(ChannelTest, AServerThatIsAwayForLongIsLookedForAboutOnceASecond) {
  constexpr int kToTheLongestPause = 8;
  const testing::TempDir dir;
  const Refuser refuser(dir.Child("socket"));
  const auto client = Client::Create(To("unix:" + dir.Child("socket")));
  ASSERT_THAT(client, IsOk());
  std::atomic<bool> over = false;
  std::thread connects([&over, channel = (*client)->channel()] {
    while (!over) {
      channel->WaitForStateChange(channel->GetState(/*try_to_connect=*/true),
                                  std::chrono::system_clock::now() + std::chrono::milliseconds(50));
    }
  });
  for (int i = 0; i < kToTheLongestPause; ++i) refuser.RefuseNext();

  absl::Duration shortest = absl::InfiniteDuration();
  for (int i = 0; i < 2; ++i) {
    const auto before = std::chrono::steady_clock::now();
    refuser.RefuseNext();
    shortest = std::min(shortest, absl::FromChrono(std::chrono::steady_clock::now() - before));
  }

  over = true;
  connects.join();
  EXPECT_GT(shortest, absl::Milliseconds(500));
  EXPECT_LT(shortest, absl::Milliseconds(2000));
}

TEST(RetryServiceConfigTest, RetriesReadsAndMutationsWithARequestIdOnUnavailableOnly) {
  const std::string config = RetryServiceConfig();
  google::protobuf::Struct json;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(config, &json).ok());

  EXPECT_THAT(config, HasSubstr(R"("retryableStatusCodes":["UNAVAILABLE"])"));
  for (const char* retried : {"GetApp", "ListEvents", "Verify", "BatchVerify", "CheckPermission",
                              "InstallApp", "IssueToken", "RevokeToken", "GetStatus"}) {
    EXPECT_THAT(config, HasSubstr(std::string("\"method\":\"") + retried + "\"")) << retried;
  }
  for (const char* once : {"Subscribe", "StreamVerify", "SyncVerifier", "Acknowledge"}) {
    EXPECT_THAT(config, Not(HasSubstr(std::string("\"method\":\"") + once + "\""))) << once;
  }
}

TEST(SecretStringTest, AMovedFromSecretIsGone) {
  SecretString first("lkt_short");
  SecretString second = std::move(first);
  EXPECT_EQ(second.Reveal(), "lkt_short");
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): the class promises it

  std::string text = "lkt_short";
  const char* bytes = text.data();
  WipeString(text);
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(std::string(bytes, 9), std::string(9, '\0'));
}

}  // namespace
}  // namespace latchkey
