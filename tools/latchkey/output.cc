#include "tools/latchkey/output.h"

#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/util/json_util.h"
#include "tools/latchkey/enum_text.h"

namespace latchkey::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// A span as options take it: "90d", "24h", "5m".
std::string SpanText(absl::Duration span) {
  constexpr absl::Duration kDay = absl::Hours(24);
  if (span > kDay && absl::Trunc(span, kDay) == span) return absl::StrCat(span / kDay, "d");
  if (span >= absl::Hours(1) && absl::Trunc(span, absl::Hours(1)) == span) {
    return absl::StrCat(span / absl::Hours(1), "h");
  }
  if (span >= absl::Minutes(1) && absl::Trunc(span, absl::Minutes(1)) == span) {
    return absl::StrCat(span / absl::Minutes(1), "m");
  }
  return absl::FormatDuration(span);
}

// The last use is known to the hour, which may begin before the token was made.
bool IsHour(const FieldDescriptor& field) { return field.name() == "last_use_time"; }

std::string WellKnownText(const Message& message, bool is_hour) {
  if (const auto* time = dynamic_cast<const google::protobuf::Timestamp*>(&message)) {
    return absl::FormatTime(is_hour ? "%Y-%m-%dT%H:00Z" : "%Y-%m-%dT%H:%M:%SZ",
                            absl::FromUnixSeconds(time->seconds()), absl::UTCTimeZone());
  }
  if (const auto* span = dynamic_cast<const google::protobuf::Duration*>(&message)) {
    return SpanText(absl::Seconds(span->seconds()) + absl::Nanoseconds(span->nanos()));
  }
  return "";
}

// A field that is not repeated.
std::string SingleText(const Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.GetString(message, &field);
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field) ? "yes" : "no";
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto* value = reflection.GetEnum(message, &field);
      return value->number() == 0 ? "" : EnumText(*value);
    }
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(reflection.GetUInt64(message, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(reflection.GetUInt32(message, &field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return reflection.HasField(message, &field)
                 ? WellKnownText(reflection.GetMessage(message, &field), IsHour(field))
                 : "";
    default:
      return "";  // the contract has no other types
  }
}

// An item of a list: "60d", or where it has fields of its own, "bot=60d".
std::string ItemText(const Message& item) {
  if (item.GetDescriptor()->file()->package() == "google.protobuf") {
    return WellKnownText(item, /*is_hour=*/false);
  }
  std::vector<std::string> texts;
  for (int i = 0; i < item.GetDescriptor()->field_count(); ++i) {
    texts.push_back(SingleText(item, *item.GetDescriptor()->field(i)));
  }
  return absl::StrJoin(texts, "=");
}

std::string RepeatedText(const Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  std::vector<std::string> texts;
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      texts.push_back(reflection.GetRepeatedString(message, &field, i));
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      texts.push_back(EnumText(*reflection.GetRepeatedEnum(message, &field, i)));
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      texts.push_back(ItemText(reflection.GetRepeatedMessage(message, &field, i)));
    }
  }
  return absl::StrJoin(texts, ",");
}

bool IsNested(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field.is_repeated() &&
         field.message_type()->file()->package() != "google.protobuf";
}

// That a consumer is at the log's beginning, or has read all of it, is what it is looked at for.
bool SaysZero(const FieldDescriptor& field) {
  return field.name() == "acknowledged_revision" || field.name() == "lag";
}

void AddDetailsUnder(const std::string& prefix, const Message& message, Table& table) {
  const auto* type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor& field = *type->field(i);
    const std::string path = absl::StrCat(prefix, field.name());
    if (IsNested(field)) {
      if (!message.GetReflection()->HasField(message, &field)) continue;
      AddDetailsUnder(absl::StrCat(path, "."), message.GetReflection()->GetMessage(message, &field),
                      table);
      continue;
    }
    const std::string text =
        field.is_repeated() ? RepeatedText(message, field) : SingleText(message, field);
    if (text.empty() || (text == "0" && !SaysZero(field))) continue;
    table.AddRow({path, absl::StrCat(IsHour(field) ? "in the hour of " : "", text)});
  }
}

}  // namespace

std::string FieldText(const Message& message, absl::string_view path) {
  const std::vector<std::string> steps = absl::StrSplit(path, absl::MaxSplits('.', 1));
  const FieldDescriptor& field = *message.GetDescriptor()->FindFieldByName(steps[0]);
  if (field.is_repeated()) return RepeatedText(message, field);
  if (steps.size() == 1) return SingleText(message, field);
  return FieldText(message.GetReflection()->GetMessage(message, &field), steps[1]);
}

void AddDetails(const Message& message, Table& table) { AddDetailsUnder("", message, table); }

std::string ToJson(const Message& message, bool one_line) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = !one_line;
  // A script that asks for .writable is to get false and not null. Lines of a stream are many, and
  // leave out what says nothing.
  options.always_print_primitive_fields = !one_line;
  std::string json;
  // Fails only for strings that are not UTF-8, which no message that was parsed holds.
  if (!google::protobuf::util::MessageToJsonString(message, &json, options).ok()) return "{}\n";
  if (json.empty() || json.back() != '\n') json += '\n';
  return json;
}

const FieldDescriptor* ItemsField(const Message& page) {
  const auto* type = page.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->is_repeated() && field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) return field;
  }
  return nullptr;
}

absl::StatusOr<ExitCode> FinishOutput(Session& session) {
  const Io& io = session.io();
  io.out.flush();
  if (io.out || (io.reader_has_gone && io.reader_has_gone())) return ExitCode::kOk;
  return absl::UnknownError("standard output could not be written");
}

absl::StatusOr<ExitCode> ShowResource(Session& session, const Message& response,
                                      const Message& resource) {
  if (session.json()) {
    session.io().out << ToJson(response, /*one_line=*/false);
  } else {
    Table table;
    AddDetails(resource, table);
    table.Print(session.io().out);
  }
  return FinishOutput(session);
}

absl::StatusOr<ExitCode> ShowFirstField(Session& session, const Message& response) {
  const FieldDescriptor& field = *response.GetDescriptor()->FindFieldByNumber(1);
  return ShowResource(session, response, response.GetReflection()->GetMessage(response, &field));
}

absl::StatusOr<ExitCode> ShowList(Session& session, const Message& response,
                                  const std::vector<Column>& columns) {
  if (session.json()) {
    session.io().out << ToJson(response, /*one_line=*/false);
    return FinishOutput(session);
  }
  std::vector<std::string> cells;
  for (const Column& column : columns) cells.emplace_back(column.heading);
  Table table(cells);
  const FieldDescriptor& items = *ItemsField(response);
  const auto& reflection = *response.GetReflection();
  for (int i = 0; i < reflection.FieldSize(response, &items); ++i) {
    const Message& item = reflection.GetRepeatedMessage(response, &items, i);
    cells.clear();
    for (const Column& column : columns) cells.push_back(FieldText(item, column.path));
    table.AddRow(cells);
  }
  table.Print(session.io().out, session.io().out_is_terminal);
  const auto* token = response.GetDescriptor()->FindFieldByName("next_page_token");
  if (const std::string next = token == nullptr ? "" : reflection.GetString(response, token);
      !next.empty()) {
    session.io().err << "There is more: --page-token " << EscapeForTerminal(next) << '\n';
  }
  return FinishOutput(session);
}

absl::StatusOr<ExitCode> ShowSentence(Session& session, const Message& response,
                                      absl::string_view sentence) {
  if (session.json()) {
    session.io().out << ToJson(response, /*one_line=*/false);
  } else {
    session.io().out << EscapeForTerminal(sentence) << '\n';
  }
  return FinishOutput(session);
}

absl::StatusOr<ExitCode> ShowSecrets(Session& session, const Message& response,
                                     const std::vector<const v1::IssuedToken*>& tokens) {
  std::ostream& out = session.io().out;
  if (session.json()) {
    out << ToJson(response, /*one_line=*/false);
  } else {
    for (const v1::IssuedToken* issued : tokens) {
      Table table;
      AddDetails(issued->token(), table);
      table.Print(session.io().err);
    }
    session.io().err << std::flush;
    for (const v1::IssuedToken* issued : tokens) out << issued->secret() << '\n';
  }
  out.flush();
  if (out) return ExitCode::kOk;
  return absl::UnknownError(absl::StrCat(
      "the token was made, but its secret could not be written to standard output; repeat the "
      "command with --request-id ",
      session.sent_request_id(), " within 10 minutes to get it again"));
}

}  // namespace latchkey::cli
