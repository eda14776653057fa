// The lines of an export, in each form. Golden files hold them for review.
#include "tools/latchkey/export/line_format.h"

#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "latchkey/v1/annotations.pb.h"
#include "tests/policy/reviewed_file.h"
#include "tests/testing/status_matchers.h"
#include "tests/tools/export/sample_events.h"
#include "tools/latchkey/export/event_json.h"
#include "tools/latchkey/export/ocsf_class.h"

namespace latchkey::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::SampleEvents;
using testing::StatusIs;

constexpr char kSource[] = "/latchkey/test";

Json Parsed(LineFormat format, const v1::Event& event) {
  const std::string line = MakeLine(format, event, kSource);
  EXPECT_THAT(line, EndsWith("\n"));
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1) << line;
  return Json::parse(line);
}

// protobuf puts spaces into its JSON as it likes, to keep people from relying on them.
std::string Lines(LineFormat format) {
  std::string lines;
  for (const v1::Event& event : SampleEvents()) {
    absl::StrAppend(&lines, Parsed(format, event).dump(), "\n");
  }
  return lines;
}

// Whether an event in the contract's JSON form is `event`.
void ExpectIs(const std::string& json, const v1::Event& event) {
  v1::Event read;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json, &read).ok()) << json;
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(read, event)) << json;
}

TEST(LineFormatTest, TheLinesAreThoseOfTheGoldenFiles) {
  for (const auto& [format, name] :
       {std::pair(LineFormat::kJsonl, "jsonl"), std::pair(LineFormat::kCloudEvents, "cloudevents"),
        std::pair(LineFormat::kOcsf, "ocsf"), std::pair(LineFormat::kSlack, "slack")}) {
    EXPECT_EQ(ParseLineFormat(name).value(), format);
    EXPECT_TRUE(policy::IsReviewed(absl::StrCat("tests/tools/export/golden/", name, ".jsonl"),
                                   Lines(format)));
  }
}

TEST(LineFormatTest, RefusesAFormThatIsNone) {
  EXPECT_THAT(ParseLineFormat("csv"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(LineFormatTest, JsonlAndCloudEventsLoseNothing) {
  for (const v1::Event& event : SampleEvents()) {
    ExpectIs(MakeLine(LineFormat::kJsonl, event, kSource), event);
    ExpectIs(Parsed(LineFormat::kCloudEvents, event).at("data").dump(), event);
  }
}

TEST(LineFormatTest, OcsfKeepsTheEventAsItIs) {
  for (const v1::Event& event : SampleEvents()) {
    ExpectIs(Parsed(LineFormat::kOcsf, event).at("raw_data").get<std::string>(), event);
  }
}

TEST(LineFormatTest, CloudEventsHaveWhatTheyMust) {
  std::set<std::string> ids;
  for (const v1::Event& event : SampleEvents()) {
    const Json json = Parsed(LineFormat::kCloudEvents, event);
    EXPECT_EQ(json.at("specversion"), "1.0");
    EXPECT_EQ(json.at("source"), kSource);
    EXPECT_THAT(json.at("type").get<std::string>(), HasSubstr("latchkey.v1."));
    EXPECT_TRUE(ids.insert(json.at("id").get<std::string>()).second);
    // An attribute is left out rather than empty.
    if (json.contains("subject")) {
      EXPECT_NE(json["subject"], "");
    }
  }
}

TEST(LineFormatTest, OcsfHasWhatItMust) {
  for (const v1::Event& event : SampleEvents()) {
    const Json json = Parsed(LineFormat::kOcsf, event);
    const int type = json.at("class_uid").get<int>();
    EXPECT_EQ(json.at("type_uid"), type * 100 + json.at("activity_id").get<int>());
    EXPECT_EQ(json.at("category_uid"), type / 1000);
    EXPECT_TRUE(json.at("severity_id").is_number());
    EXPECT_TRUE(json.at("status_id").is_number());
    EXPECT_TRUE(json.at("time").is_number());
    EXPECT_EQ(json.at("metadata").at("version"), "1.4.0");
    EXPECT_TRUE(json["metadata"].at("product").contains("vendor_name"));
    EXPECT_TRUE(json.at("api").contains("operation"));
    EXPECT_TRUE(json.at("cloud").contains("provider"));
    EXPECT_TRUE(json.at("actor").contains("user"));
    EXPECT_FALSE(json.at("src_endpoint").empty());
    EXPECT_EQ(type == 3001 || type == 3002, json.contains("user"));
    EXPECT_EQ(type == 3002, json.contains("service"));
    EXPECT_EQ(type == 3004, json.contains("entity"));
  }
}

TEST(LineFormatTest, OcsfNamesNoAccountWhereNoneWasMade) {
  v1::Event event;
  event.set_action(v1::ACTION_MEMBER_CREATE);
  event.set_resource("workspaces/acme");
  event.mutable_decision()->set_outcome(v1::OUTCOME_DENIED);
  const Json refused = Parsed(LineFormat::kOcsf, event);
  EXPECT_FALSE(refused.contains("user"));
  EXPECT_EQ(refused["unmapped"]["resource"], "workspaces/acme");
  event.set_resource("workspaces/acme/members/bo");
  const Json made = Parsed(LineFormat::kOcsf, event);
  EXPECT_EQ(made["user"]["uid"], "workspaces/acme/members/bo");
  EXPECT_FALSE(made["unmapped"].contains("resource"));
}

// What is not mapped is another program's "other": that must be meant.
TEST(LineFormatTest, OcsfKnowsEveryActionThatEventsHave) {
  const std::set<v1::Action> meant = {v1::ACTION_DENIAL_SUMMARIZE, v1::ACTION_TOKEN_REUSE};
  const auto& all = *v1::Action_descriptor();
  for (int i = 1; i < all.value_count(); ++i) {
    const auto kind = all.value(i)->options().GetExtension(v1::action_info).kind();
    if (kind != v1::ACTION_KIND_CALL && kind != v1::ACTION_KIND_EVENT_ONLY) continue;
    v1::Event event;
    event.set_action(static_cast<v1::Action>(all.value(i)->number()));
    const OcsfActivity activity = OcsfActivityOf(event);
    const bool fallback = activity.type == &kApiActivity && activity.id == 99;
    EXPECT_EQ(fallback, meant.count(event.action()) == 1) << all.value(i)->name();
  }
}

TEST(LineFormatTest, SlackEntriesHaveTheirShapeAndKeepTheDecision) {
  for (const v1::Event& event : SampleEvents()) {
    const Json json = Parsed(LineFormat::kSlack, event);
    for (const char* name : {"id", "date_create", "action", "actor", "entity", "context"}) {
      EXPECT_TRUE(json.contains(name)) << name;
    }
    EXPECT_EQ(json["actor"]["user"].at("id"), event.actor().principal());
    EXPECT_TRUE(json["entity"].contains(json["entity"].at("type").get<std::string>()));
    for (const char* name : {"location", "ua", "ip_address"}) {
      EXPECT_TRUE(json["context"].contains(name)) << name;
    }
    EXPECT_EQ(json.at("details").at("revision"), absl::StrCat(event.sequence()));
    EXPECT_EQ(json["details"].at("decision").at("rule"), event.decision().rule());
  }
}

TEST(LineFormatTest, TextOfOthersIsEscaped) {
  v1::Event event;
  event.set_reason("a\n\"b\"\x1b[2J\xe2\x80\xae");
  for (const LineFormat format :
       {LineFormat::kJsonl, LineFormat::kCloudEvents, LineFormat::kOcsf, LineFormat::kSlack}) {
    const std::string line = MakeLine(format, event, kSource);
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
  }
}

TEST(PeerTest, AddressesAreTakenApart) {
  EXPECT_EQ(ParsePeer("ipv4:192.0.2.7:40001").ip, "192.0.2.7");
  EXPECT_EQ(ParsePeer("ipv4:192.0.2.7:40001").port, 40001);
  EXPECT_EQ(ParsePeer("ipv6:%5B2001:db8::1%5D:40002").ip, "2001:db8::1");
  EXPECT_EQ(ParsePeer("ipv6:[2001:db8::1]:7").ip, "2001:db8::1");
  for (const char* none : {"", "unix:", "unix:/run/x:1", "ipv4:", "ipv4:1.2.3.4"}) {
    EXPECT_EQ(ParsePeer(none).ip, "") << none;
    EXPECT_FALSE(ParsePeer(none).port.has_value()) << none;
  }
}

}  // namespace
}  // namespace latchkey::cli
