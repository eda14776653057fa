#include "tools/latchkey/export/slack.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace latchkey::cli {
namespace {

// What that API calls the kinds of things that it has too.
std::string EntityType(const std::string& kind) {
  if (kind == "member") return "user";
  if (kind == "organization") return "enterprise";
  return kind.empty() ? "other" : kind;
}

Json Named(const std::string& name) { return {{"id", name}, {"name", IdOf(name)}}; }

Json ActorOf(const v1::Actor& actor) {
  return {{"type", "user"},
          {"user", {{"id", actor.principal()}, {"name", IdOf(actor.principal())}, {"email", ""}}}};
}

Json EntityOf(const std::string& resource) {
  const std::string type = EntityType(KindOf(resource));
  return {{"type", type}, {type, Named(resource)}};
}

Json ContextOf(const v1::Event& event, const std::string& source) {
  const bool in_workspace = !event.workspace().empty();
  const std::string& place = in_workspace                   ? event.workspace()
                             : event.organization().empty() ? source
                                                            : event.organization();
  Json location = Named(place);
  location["type"] = in_workspace ? "workspace" : "enterprise";
  location["domain"] = IdOf(place);
  return {{"location", location},
          {"ua", event.actor().user_agent()},
          {"ip_address", ParsePeer(event.actor().peer()).ip}};
}

Json DetailsOf(const v1::Event& event, const Json& whole) {
  Json details;
  details["action"] = ActionNameOf(event);
  details["revision"] = absl::StrCat(event.sequence());
  details["decision"] = {{"outcome", OutcomeOf(event)},
                         {"rule", event.decision().rule()},
                         {"reason", event.decision().reason()}};
  // All the rest, as it is in the contract's own form.
  for (const auto& [name, value] : whole.items()) {
    const bool told = name == "sequence" || name == "action" || name == "decision" ||
                      name == "workspace" || name == "resource";
    if (!told) details[name] = value;
  }
  return details;
}

}  // namespace

Json ToSlackEntry(const v1::Event& event, const std::string& source) {
  Json json;
  json["id"] = absl::StrCat(event.sequence());
  json["date_create"] = event.time().seconds();
  json["action"] = absl::StrReplaceAll(ActionNameOf(event), {{".", "_"}});
  json["actor"] = ActorOf(event.actor());
  json["entity"] = EntityOf(event.resource());
  json["context"] = ContextOf(event, source);
  json["details"] = DetailsOf(event, EventJson(event));
  return json;
}

}  // namespace latchkey::cli
