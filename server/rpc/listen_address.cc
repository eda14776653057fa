#include "server/rpc/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

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

absl::Status BadAddress(absl::string_view address, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("--listen ", address, " ", why,
                   "; it takes host:port, [ipv6]:port, unix:path or unix-abstract:name"));
}

bool IsHost(absl::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-';
  });
}

bool IsPort(absl::string_view text) {
  std::uint32_t port = 0;
  const bool digits =
      !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), [](char c) {
        return absl::ascii_isdigit(static_cast<unsigned char>(c));
      });
  return digits && absl::SimpleAtoi(text, &port) && port <= 65535;
}

// The path of "unix:path" or "unix:///path".
std::string PathOf(absl::string_view address) {
  absl::string_view path = absl::StripPrefix(address, "unix:");
  if (absl::StartsWith(path, "//")) path.remove_prefix(2);
  return std::string(path);
}

}  // namespace

absl::Status CheckListenAddress(absl::string_view address) {
  if (absl::StartsWith(address, "unix-abstract:") || absl::StartsWith(address, "unix:")) {
    const std::string path = absl::StartsWith(address, "unix:")
                                 ? PathOf(address)
                                 : std::string(absl::StripPrefix(address, "unix-abstract:"));
    if (path.empty()) return BadAddress(address, "names no socket");
    if (path.size() < sizeof(sockaddr_un::sun_path)) return absl::OkStatus();
    return BadAddress(address, absl::StrCat("has a path of ", path.size(), " bytes, of which ",
                                            sizeof(sockaddr_un::sun_path) - 1, " are taken"));
  }
  const std::size_t colon = address.rfind(':');
  if (colon == absl::string_view::npos) return BadAddress(address, "names no port");
  if (!IsPort(address.substr(colon + 1))) {
    return BadAddress(address, "names a port that is not 0 to 65535");
  }
  const absl::string_view host = address.substr(0, colon);
  const bool bracketed = absl::StartsWith(host, "[") && absl::EndsWith(host, "]");
  in6_addr v6{};
  const bool is_host = bracketed
                           ? inet_pton(AF_INET6, std::string(HostOf(address)).c_str(), &v6) == 1
                           : IsHost(host);
  return is_host ? absl::OkStatus() : BadAddress(address, "names no host");
}

absl::Status CheckSocketIsFree(absl::string_view address) {
  if (!absl::StartsWith(address, "unix:")) return absl::OkStatus();
  const std::string path = PathOf(address);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof(name.sun_path) - 1);
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return absl::OkStatus();  // listening will say what is wrong
  const bool connected =
      ::connect(probe, reinterpret_cast<const sockaddr*>(&name), sizeof(name)) == 0 ||
      errno == EAGAIN;  // its queue is full
  ::close(probe);
  if (!connected) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("another process listens on ", path,
                                             ": stop it, or give this server another --listen"));
}

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
