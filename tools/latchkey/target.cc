#include "tools/latchkey/target.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace latchkey::cli {
namespace {

constexpr int kLargestPort = 65535;

absl::Status Wrong(absl::string_view target, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("the target is '", target, "', ", why,
                   "; it takes host:port, dns:///host:port or unix:/path"));
}

bool IsPort(absl::string_view text) {
  int port = 0;
  return !text.empty() &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }) &&
         absl::SimpleAtoi(text, &port) && port >= 1 && port <= kLargestPort;
}

// Judges "host:port", where an IPv6 address stands in brackets.
absl::Status CheckAddress(absl::string_view target, absl::string_view address) {
  const auto colon = address.rfind(':');
  const auto bracket = address.rfind(']');
  if (colon == absl::string_view::npos || (bracket != absl::string_view::npos && bracket > colon)) {
    return Wrong(target, "which has no port");
  }
  const absl::string_view host = address.substr(0, colon);
  const bool bracketed = absl::StartsWith(host, "[") && absl::EndsWith(host, "]");
  if (absl::StrContains(host, ":") && !bracketed) {
    return Wrong(target, "whose host is no IPv6 address in brackets");
  }
  if (host.empty() || host == "[]" || absl::StrContains(host, "/")) {
    return Wrong(target, "which has no host");
  }
  if (!IsPort(address.substr(colon + 1))) {
    return Wrong(target, absl::StrCat("whose port is not 1 to ", kLargestPort));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckTarget(absl::string_view target) {
  if (target.empty()) return Wrong(target, "which is empty");
  absl::string_view rest = target;
  if (absl::ConsumePrefix(&rest, "unix:") || absl::ConsumePrefix(&rest, "unix-abstract:")) {
    return rest.empty() || rest == "//" ? Wrong(target, "which has no path") : absl::OkStatus();
  }
  if (absl::ConsumePrefix(&rest, "ipv4:") || absl::ConsumePrefix(&rest, "ipv6:")) {
    const std::vector<absl::string_view> addresses = absl::StrSplit(rest, ',');
    for (const absl::string_view address : addresses) {
      if (absl::Status status = CheckAddress(target, address); !status.ok()) return status;
    }
    return absl::OkStatus();
  }
  if (absl::ConsumePrefix(&rest, "dns:")) {
    // "dns://resolver/host:port" asks that resolver; with three strokes, the system's.
    if (absl::ConsumePrefix(&rest, "//")) {
      const auto stroke = rest.find('/');
      if (stroke == absl::string_view::npos) return Wrong(target, "which has no host");
      rest.remove_prefix(stroke + 1);
    }
    return CheckAddress(target, rest);
  }
  return CheckAddress(target, rest);
}

}  // namespace latchkey::cli
