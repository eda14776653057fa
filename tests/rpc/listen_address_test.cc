#include "server/rpc/listen_address.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>

#include "gtest/gtest.h"
#include "tests/testing/temp_dir.h"

namespace latchkey::rpc {
namespace {

TEST(ListenAddressTest, LoopbackAndUnixSocketsAreLocal) {
  for (const char* address :
       {"127.0.0.1:7707", "127.1.2.3:0", "127.0.0.1", "localhost:7707", "[::1]:7707",
        "unix:/run/latchkey.sock", "unix:///run/latchkey.sock", "unix-abstract:latchkey"}) {
    EXPECT_TRUE(IsLocalAddress(address)) << address;
  }
}

TEST(ListenAddressTest, WhateverElseIsTakenForReachable) {
  for (const char* address :
       {"0.0.0.0:7707", "[::]:7707", ":::7707", "*:7707", "10.0.0.1:7707", "[::ffff:127.0.0.1]:1",
        "128.0.0.1:1", "127.0.0.1.example.com:1", "localhost.example.com:1", "example.com:7707",
        "dns:///localhost:7707", "ipv4:127.0.0.1:7707", "2130706433:7707", "0x7f000001:7707",
        "127.1:7707", "[::1", ":7707", ""}) {
    EXPECT_FALSE(IsLocalAddress(address)) << address;
  }
}

TEST(ListenAddressTest, OnlyWhatCanBeListenedOnIsTaken) {
  for (const char* address :
       {"127.0.0.1:7707", "0.0.0.0:0", "localhost:65535", "latchkey.example.com:7707", "[::1]:7707",
        "[::]:0", "unix:latchkey.sock", "unix:///run/latchkey.sock", "unix-abstract:latchkey"}) {
    EXPECT_TRUE(CheckListenAddress(address).ok()) << address;
  }
  for (const char* address :
       {"", "nonsense", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:99999",
        "127.0.0.1:22a", "127.0.0.1:-1", "127.0.0.1:+1", "localhost:70000", ":7707", "::1:7707",
        "[::1]", "[nonsense]:1", "a b:1", "ipv4:127.0.0.1:1",
        "unix:", "unix-abstract:", "dns:///localhost:7707"}) {
    const absl::Status status = CheckListenAddress(address);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << address;
    EXPECT_NE(status.message().find("it takes host:port"), std::string::npos) << status;
  }
  EXPECT_FALSE(CheckListenAddress("unix:/" + std::string(120, 'p')).ok());
}

TEST(ListenAddressTest, ASocketIsFreeUnlessSomebodyListensOnIt) {
  const testing::TempDir folder;
  const std::string path = folder.path() + "/socket";
  const std::string address = "unix:" + path;
  EXPECT_TRUE(CheckSocketIsFree(address).ok());
  const int server = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof(name.sun_path) - 1);
  ASSERT_EQ(::bind(server, reinterpret_cast<sockaddr*>(&name), sizeof(name)), 0);
  ASSERT_EQ(::listen(server, 1), 0);
  EXPECT_EQ(CheckSocketIsFree(address).code(), absl::StatusCode::kUnavailable);
  ::close(server);
  EXPECT_TRUE(CheckSocketIsFree(address).ok());  // left behind
}

}  // namespace
}  // namespace latchkey::rpc
