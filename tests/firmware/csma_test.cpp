#include "common/csma.h"

#include <gtest/gtest.h>

TEST(Csma, BackoffExponentGrowsToItsMaximum) {
  csma c;
  csma_begin(&c);
  const int exponents[] = {3, 4, 5, 5, 5};
  for (int exponent : exponents) {
    EXPECT_EQ(csma_backoff_us(&c, 0), 0u);
    EXPECT_EQ(csma_backoff_us(&c, 0xFFFFFFFF), 320u * ((1u << exponent) - 1));
    if (c.backoffs < CSMA_MAX_BACKOFFS) {
      EXPECT_EQ(csma_channel_busy(&c), CSMA_BACK_OFF);
    }
  }
  EXPECT_EQ(csma_channel_busy(&c), CSMA_CHANNEL_ACCESS_FAILURE);
  EXPECT_EQ(c.busy, 5);
  EXPECT_EQ(c.retries, 0);
}

TEST(Csma, RetransmissionStartsAFreshAttempt) {
  csma c;
  csma_begin(&c);
  ASSERT_EQ(csma_channel_busy(&c), CSMA_BACK_OFF);
  ASSERT_EQ(csma_channel_busy(&c), CSMA_BACK_OFF);
  EXPECT_EQ(csma_no_ack(&c), CSMA_BACK_OFF);
  EXPECT_EQ(c.backoffs, 0);
  EXPECT_EQ(c.exponent, CSMA_MIN_BE);
  EXPECT_EQ(csma_no_ack(&c), CSMA_BACK_OFF);
  EXPECT_EQ(csma_no_ack(&c), CSMA_BACK_OFF);
  EXPECT_EQ(csma_no_ack(&c), CSMA_NO_ACK);
  EXPECT_EQ(c.retries, CSMA_MAX_FRAME_RETRIES);
}

TEST(Csma, EveryBackoffOfTheFirstAttemptIsReached) {
  csma c;
  csma_begin(&c);
  unsigned seen = 0;
  for (uint32_t high = 0; high < 8; high++) seen |= 1u << (csma_backoff_us(&c, high << 29) / CSMA_BACKOFF_US);
  EXPECT_EQ(seen, 0xFFu);
}
