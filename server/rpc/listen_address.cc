#include "server/rpc/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/match.h"

namespace latchkey::rpc {
namespace {

// The host of "host:port", "[host]:port" or "host"; as it is where it has another form.
absl::string_view HostOf(absl::string_view address) {
  if (absl::StartsWith(address, "[")) {
    const std::size_t end = address.find(']');
    return end == absl::string_view::npos ? address : address.substr(1, end - 1);
  }
  const std::size_t colon = address.find(':');
  const bool one_colon = colon != absl::string_view::npos && colon == address.rfind(':');
  return one_colon ? address.substr(0, colon) : address;
}

}  // namespace

bool IsLocalAddress(absl::string_view address) {
  // "unix:path", "unix:///path" and "unix-abstract:name".
  if (absl::StartsWith(address, "unix:") || absl::StartsWith(address, "unix-abstract:")) {
    return true;
  }
  const std::string host(HostOf(address));
  if (host == "localhost") return true;
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    return (ntohl(v4.s_addr) >> 24) == 127;
  }
  in6_addr v6{};
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace latchkey::rpc
