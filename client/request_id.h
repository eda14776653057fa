#ifndef LATCHKEY_CLIENT_REQUEST_ID_H_
#define LATCHKEY_CLIENT_REQUEST_ID_H_

#include <string>

#include "server/base/entropy.h"

namespace latchkey {

// Returns a random UUID (RFC 4122, version 4), as a mutation's request_id takes it. Whoever holds
// it and the caller's credentials can repeat the call, and get its secret again, for a while.
std::string NewRequestId(Entropy& entropy);

}  // namespace latchkey

#endif  // LATCHKEY_CLIENT_REQUEST_ID_H_
