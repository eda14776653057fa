#include "tests/server/event_docs.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "google/protobuf/descriptor.h"
#include "latchkey/v1/audit_service.pb.h"
#include "server/authority/actions.h"
#include "tests/server/proto_comments.h"

namespace latchkey::testing {
namespace {

constexpr char kHead[] =
    R"(# The events of the log

<!-- Made from the contract by the test server_event_schema_test, which fails when this page is stale.
To change the tables, change proto/latchkey/v1/common.proto and audit_service.proto; to change this
text, change tests/server/event_docs.cc. Then run the test with LATCHKEY_UPDATE_GOLDEN=1. -->

Every change of a resource leaves one event, in the same atomic write, and so does every denial and
every decision that an approval is needed, of a call that would change something. Calls that only
read leave none. The log numbers its events from 1 without a gap.

The same table is in the contract itself, as the option `action_info` of each value of `Action`, so
that a program can read it from the descriptors, server reflection included.
[export.md](export.md) tells how to get the log in other programs' forms.

A name in the table never changes and is never used again. A consumer has to expect names and fields
that it does not know: a later server may have more.
)";

constexpr char kAnatomy[] = R"(
## What an event holds

| field | meaning |
| --- | --- |
)";

constexpr char kEntities[] = R"(
`before` and `after` hold the whole resource, as reading it would have shown it, and never a secret.
A resource in an event has the state of its own record: what ended all tokens of an app, a member, an
installation or a workspace is told by the event of that, and not again by one of each token.

What `actor` says:

| field | meaning |
| --- | --- |
)";

constexpr char kActions[] = R"(
## The actions

*Before* and *after* are those of allowed events. A denied one has neither. One that needs an approval
has the approval request that it made as `after`, or neither where the request was there already.

| name | number | when | before and after | also set |
| --- | --- | --- | --- | --- |
)";

constexpr char kElsewhere[] = R"(
## Actions that no event has

Calls that change nothing ask for these, and a token's `revocation` may name the last.

| name | number | what |
| --- | --- | --- |
)";

std::string Fields(const google::protobuf::Descriptor& type, const ProtoComments& comments) {
  std::string rows;
  for (int i = 0; i < type.field_count(); ++i) {
    const std::string& name = type.field(i)->name();
    absl::StrAppend(&rows, "| `", name, "` | ",
                    comments.fields.at(absl::StrCat(type.name(), ".", name)), " |\n");
  }
  return rows;
}

bool Has(const google::protobuf::RepeatedPtrField<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

std::string EntitiesOf(const v1::ActionInfo& info) {
  std::vector<std::string> texts;
  for (const std::string& entity : info.makes()) {
    texts.push_back(
        absl::StrCat("`", entity, "`: after",
                     Has(info.changes(), entity) ? ", and before where there was one" : ""));
  }
  for (const std::string& entity : info.changes()) {
    if (Has(info.makes(), entity)) continue;
    texts.push_back(absl::StrCat("`", entity, "`: before and after"));
  }
  for (const std::string& entity : info.erases()) {
    texts.push_back(absl::StrCat("`", entity, "`: before"));
  }
  return texts.empty() ? "neither" : absl::StrJoin(texts, "; ");
}

std::string Row(const google::protobuf::EnumValueDescriptor& value, const ProtoComments& comments) {
  const v1::ActionInfo& info = InfoOf(static_cast<v1::Action>(value.number()));
  const std::string& comment = comments.values.at(value.name());
  const bool call = info.kind() == v1::ACTION_KIND_CALL;
  std::string row = absl::StrCat("| `", info.name(), "` | ", value.number(), " | ");
  if (!call && info.kind() != v1::ACTION_KIND_EVENT_ONLY) {
    return absl::StrCat(row, comment, " |\n");
  }
  const std::string sets = absl::StrJoin(
      info.sets(), ", ",
      [](std::string* out, const auto& field) { absl::StrAppend(out, "`", field, "`"); });
  return absl::StrCat(
      row, call ? "A call: " : "The server: ", absl::StripPrefix(comment, "Event only: "), " | ",
      EntitiesOf(info), " | ", sets, " |\n");
}

}  // namespace

std::string EventDocs() {
  const ProtoComments actions = ReadProtoComments("latchkey/v1/common.proto");
  const ProtoComments messages = ReadProtoComments("latchkey/v1/audit_service.proto");
  if (actions.values.empty() || messages.fields.empty()) return "";
  std::string docs = absl::StrCat(kHead, kAnatomy, Fields(*v1::Event::descriptor(), messages),
                                  kEntities, Fields(*v1::Actor::descriptor(), messages), kActions);
  std::string elsewhere = kElsewhere;
  const auto& all = *v1::Action_descriptor();
  for (int i = 1; i < all.value_count(); ++i) {
    const auto kind = InfoOf(static_cast<v1::Action>(all.value(i)->number())).kind();
    const bool in_events = kind == v1::ACTION_KIND_CALL || kind == v1::ACTION_KIND_EVENT_ONLY;
    absl::StrAppend(in_events ? &docs : &elsewhere, Row(*all.value(i), actions));
  }
  return absl::StrCat(docs, elsewhere);
}

}  // namespace latchkey::testing
