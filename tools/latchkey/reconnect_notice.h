#ifndef LATCHKEY_TOOLS_LATCHKEY_RECONNECT_NOTICE_H_
#define LATCHKEY_TOOLS_LATCHKEY_RECONNECT_NOTICE_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "client/audit_subscriber.h"
#include "tools/latchkey/session.h"

namespace latchkey::cli {

// Says on standard error that a stream broke and will be opened again after `position`.
void PrintReconnect(Session& session, const Reconnect& reconnect, std::uint64_t position);

// Says there what is no error by itself; `name` tells programs which it is.
void PrintNotice(Session& session, absl::string_view name, absl::string_view message);

// Says there that a reader who asked for whatever is kept begins with `oldest`, not behind `after`.
void PrintSkipped(Session& session, std::uint64_t after, std::uint64_t oldest);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_RECONNECT_NOTICE_H_
