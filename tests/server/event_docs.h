#ifndef LATCHKEY_TESTS_SERVER_EVENT_DOCS_H_
#define LATCHKEY_TESTS_SERVER_EVENT_DOCS_H_

#include <string>

namespace latchkey::testing {

// Returns what docs/events.md has to be: a head, what an event holds, and the table of actions.
std::string EventDocs();

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_SERVER_EVENT_DOCS_H_
