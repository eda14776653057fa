#include "tools/latchkey/export/event_json.h"

#include <array>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "google/protobuf/descriptor.h"
#include "latchkey/v1/annotations.pb.h"
#include "tools/latchkey/enum_text.h"
#include "tools/latchkey/output.h"

namespace latchkey::cli {
namespace {

constexpr std::array<std::pair<absl::string_view, absl::string_view>, 10> kKinds = {{
    {"workspaces", "workspace"},
    {"organizations", "organization"},
    {"members", "member"},
    {"services", "service"},
    {"apps", "app"},
    {"installations", "installation"},
    {"approvalRequests", "approval_request"},
    {"tokens", "token"},
    {"bulkRevocations", "bulk_revocation"},
    {"consumers", "consumer"},
}};

}  // namespace

Json EventJson(const v1::Event& event) {
  return Json::parse(ToJson(event, /*one_line=*/true), nullptr, /*allow_exceptions=*/false);
}

std::string ActionNameOf(const v1::Event& event) {
  const auto* const value = v1::Action_descriptor()->FindValueByNumber(event.action());
  if (value == nullptr) return absl::StrCat("action.", static_cast<int>(event.action()));
  const std::string& name = value->options().GetExtension(v1::action_info).name();
  return name.empty() ? "action.0" : name;
}

std::string OutcomeOf(const v1::Event& event) {
  const v1::Outcome outcome = event.decision().outcome();
  const auto* const value = v1::Outcome_descriptor()->FindValueByNumber(outcome);
  return value == nullptr || outcome == v1::OUTCOME_UNSPECIFIED ? "" : EnumText(*value);
}

std::int64_t MillisOf(const google::protobuf::Timestamp& time) {
  constexpr std::int64_t kMillisPerSecond = 1000;
  constexpr std::int64_t kNanosPerMilli = 1000000;
  return time.seconds() * kMillisPerSecond + time.nanos() / kNanosPerMilli;
}

std::string IdOf(absl::string_view name) {
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  return parts.back();
}

std::string KindOf(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  if (parts.size() < 2) return "";
  for (const auto& [collection, kind] : kKinds) {
    if (parts[parts.size() - 2] == collection) return std::string(kind);
  }
  return "";
}

PeerAddress ParsePeer(absl::string_view peer) {
  if (!absl::ConsumePrefix(&peer, "ipv4:") && !absl::ConsumePrefix(&peer, "ipv6:")) return {};
  const std::string text = absl::StrReplaceAll(peer, {{"%5B", "["}, {"%5D", "]"}, {"%25", "%"}});
  PeerAddress address;
  const std::size_t colon = text.rfind(':');
  int port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(text.substr(colon + 1), &port)) return {};
  address.port = port;
  address.ip = std::string(absl::StripPrefix(absl::StripSuffix(text.substr(0, colon), "]"), "["));
  return address;
}

void SetText(Json& json, const char* name, const std::string& text) {
  if (!text.empty()) json[name] = text;
}

}  // namespace latchkey::cli
