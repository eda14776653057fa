#ifndef LATCHKEY_TOOLS_LATCHKEY_RECONNECT_NOTICE_H_
#define LATCHKEY_TOOLS_LATCHKEY_RECONNECT_NOTICE_H_

#include <cstdint>

#include "client/audit_subscriber.h"
#include "tools/latchkey/session.h"

namespace latchkey::cli {

// Says on standard error that a stream broke and will be opened again after `position`.
void PrintReconnect(Session& session, const Reconnect& reconnect, std::uint64_t position);

}  // namespace latchkey::cli

#endif  // LATCHKEY_TOOLS_LATCHKEY_RECONNECT_NOTICE_H_
