#ifndef LATCHKEY_TESTS_SERVER_EVENTS_OF_H_
#define LATCHKEY_TESTS_SERVER_EVENTS_OF_H_

#include <vector>

#include "gtest/gtest.h"
#include "latchkey/v1/audit_service.pb.h"
#include "server/events/event_hub.h"

namespace latchkey::testing {

// Returns the events of a batch, taken apart.
inline std::vector<v1::Event> EventsOf(const EventHub::Batch& batch) {
  v1::SubscribeResponse response;
  EXPECT_TRUE(response.ParseFromString(batch.events));
  EXPECT_EQ(static_cast<std::size_t>(response.events_size()), batch.count);
  return {response.events().begin(), response.events().end()};
}

}  // namespace latchkey::testing

#endif  // LATCHKEY_TESTS_SERVER_EVENTS_OF_H_
