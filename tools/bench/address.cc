#include "tools/bench/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"

namespace latchkey::benchmark {
namespace {

constexpr char kLoopback[] = "127.0.0.1:";
constexpr char kUnix[] = "unix:";

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

template <typename Address>
bool Connects(const Address& address) {
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  const int fd = socket(generic->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected = fd >= 0 && connect(fd, generic, sizeof(address)) == 0;
  if (fd >= 0) close(fd);
  return connected;
}

bool Accepts(absl::string_view address) {
  if (absl::ConsumePrefix(&address, kUnix)) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    if (address.size() >= sizeof(name.sun_path)) return false;
    std::memcpy(name.sun_path, address.data(), address.size());
    return Connects(name);
  }
  std::uint32_t port = 0;
  return absl::ConsumePrefix(&address, kLoopback) && absl::SimpleAtoi(address, &port) &&
         Connects(Loopback(static_cast<std::uint16_t>(port)));
}

}  // namespace

absl::StatusOr<std::string> FreeAddress(Transport transport, absl::string_view folder,
                                        absl::string_view name) {
  if (transport == Transport::kUnix) return absl::StrCat(kUnix, folder, "/", name, ".sock");
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool bound =
      fd >= 0 && bind(fd, generic, size) == 0 && getsockname(fd, generic, &size) == 0;
  if (fd >= 0) close(fd);
  if (!bound) return absl::UnavailableError("there is no free loopback port");
  return absl::StrCat(kLoopback, ntohs(address.sin_port));
}

absl::Status WaitUntilAccepts(const std::string& address, ChildProcess& child,
                              absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  while (!Accepts(address)) {
    if (!child.IsRunning()) return absl::InternalError("the server ended; see its log");
    if (absl::Now() > deadline) {
      return absl::DeadlineExceededError(absl::StrCat("nothing accepts at ", address));
    }
    absl::SleepFor(absl::Microseconds(500));
  }
  return absl::OkStatus();
}

}  // namespace latchkey::benchmark
