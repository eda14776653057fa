#include "server/rpc/listen_address.h"

#include <string>

#include "gtest/gtest.h"

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

}  // namespace
}  // namespace latchkey::rpc
