#include "tools/latchkey/reconnect_notice.h"

#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "tools/latchkey/terminal.h"

namespace latchkey::cli {

void PrintReconnect(Session& session, const Reconnect& reconnect, std::uint64_t position) {
  std::ostream& err = session.io().err;
  const std::string delay =
      absl::FormatDuration(absl::Trunc(reconnect.delay, absl::Milliseconds(1)));
  if (session.json()) {
    const nlohmann::ordered_json notice = {
        {"notice", "reconnecting"},
        {"code", absl::StatusCodeToString(reconnect.cause.code())},
        {"message", std::string(reconnect.cause.message())},
        {"after", position},
        {"delay", delay}};
    err << notice.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  } else if (reconnect.reached) {
    err << "latchkey: the stream broke (" << EscapeForTerminal(reconnect.cause.message())
        << "); reconnecting in " << delay;
  } else {
    err << "latchkey: no server is there (" << EscapeForTerminal(reconnect.cause.message())
        << "); going on as soon as one is";
  }
  err << std::endl;
}

void PrintNotice(Session& session, absl::string_view name, absl::string_view message) {
  std::ostream& err = session.io().err;
  if (session.json()) {
    const nlohmann::ordered_json notice = {{"notice", std::string(name)},
                                           {"message", std::string(message)}};
    err << notice.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  } else {
    err << "latchkey: " << EscapeForTerminal(message);
  }
  err << std::endl;
}

void PrintSkipped(Session& session, std::uint64_t after, std::uint64_t oldest) {
  PrintNotice(session, "skipped",
              absl::StrCat("the events ", after + 1, " to ", oldest - 1,
                           " are not kept any more, or not for this reader; beginning with event ",
                           oldest));
}

}  // namespace latchkey::cli
