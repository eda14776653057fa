#ifndef LATCHKEY_TOOLS_LATCHKEY_EXPORT_EVENT_JSON_H_
#define LATCHKEY_TOOLS_LATCHKEY_EXPORT_EVENT_JSON_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/timestamp.pb.h"
#include "latchkey/v1/audit_service.pb.h"
#include "nlohmann/json.hpp"

namespace latchkey::cli {

// What the forms of an exported event share.

using Json = nlohmann::ordered_json;

// Returns an event in the contract's own JSON form.
Json EventJson(const v1::Event& event);

// The stable name of the event's action: "token.issue"; "action.99" where this program's contract
// is older than the action.
std::string ActionNameOf(const v1::Event& event);

// "allowed", "denied" or "needs_approval"; "" where there is no decision.
std::string OutcomeOf(const v1::Event& event);

std::int64_t MillisOf(const google::protobuf::Timestamp& time);

// The last part of a resource's name: "ann" of "workspaces/acme/members/ann".
std::string IdOf(absl::string_view name);
// What a resource's name names, in the singular: "member", "token", ...; "" where that is no name.
std::string KindOf(absl::string_view name);

// A network address as events have it: "ipv4:192.0.2.1:40000", "ipv6:%5B2001:db8::1%5D:40000".
struct PeerAddress {
  std::string ip;  // empty: it is none of the network
  std::optional<int> port;
};
PeerAddress ParsePeer(absl::string_view peer);

// Sets a member where there is something to say.
void SetText(Json& json, const char* name, const std::string& text);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_EXPORT_EVENT_JSON_H_
