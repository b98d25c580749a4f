#include "metrics/span_recorder.h"

#include "base/rng.h"
#include "scratch.h"

namespace xedgesim::metrics {
namespace {

SimTime us(int64_t v) { return SimTime::zero() + Duration::us(v); }

class SpanRecorderTest : public testing::Test {
 protected:
  void open(SpanOptions options) {
    recorder_ = std::make_unique<SpanRecorder>(directory_, options, names_);
    recorder_->outcome.connect([this](const Span& s) { outcomes_.push_back(s); });
    recorder_->closed.connect([this](const Span& s) { closed_.push_back(s); });
  }
  std::vector<std::string> rows() {
    recorder_->finish();
    auto lines = read_lines(directory_.path() / "spans.csv");
    lines.erase(lines.begin());
    return lines;
  }

  TemporaryFolder scratch_;
  RunDirectory directory_{{.scenario_dir = scratch_.path(), .exact = {}, .started_unix_s = 0}};
  std::vector<std::string> names_{"vib_1", "vib_2"};
  std::unique_ptr<SpanRecorder> recorder_;
  std::vector<Span> outcomes_, closed_;
  const DeviceIndex a_{0}, b_{1};
};

TEST_F(SpanRecorderTest, WritesOneRowASampleWithItsHops) {
  open({.final_stage = Stage::cloud_answer, .grace = Duration(), .file = true, .formats = {}});
  recorder_->mark(a_, 7, Stage::sense_begin, us(1'000'000));
  recorder_->mark(a_, 7, Stage::sense_end, us(2'000'000));
  recorder_->truth(a_, 7, 2);
  recorder_->mark(a_, 7, Stage::tx_request, us(2'000'100));
  recorder_->mark(a_, 7, Stage::first_cca, us(2'000'200));
  recorder_->mark(a_, 7, Stage::tx_start, us(2'000'500));
  recorder_->mark(a_, 7, Stage::tx_start, us(2'001'500));
  recorder_->mark(a_, 7, Stage::rx_gateway, SimTime::from_ns(2'003'500'250));
  recorder_->mark(a_, 7, Stage::tx_start, us(2'004'000));    // the ACK was lost
  recorder_->mark(a_, 7, Stage::rx_gateway, us(2'006'000));  // a duplicate
  recorder_->mark(a_, 7, Stage::edge_arrival, us(2'010'000));
  recorder_->mark(a_, 7, Stage::inference_begin, us(2'010'050));
  recorder_->mark(a_, 7, Stage::inference_end, us(2'012'050));
  recorder_->prediction(a_, 7, 1, 0.75);
  recorder_->mark(a_, 7, Stage::result, us(2'012'060));
  recorder_->mark(a_, 7, Stage::cloud_stored, us(2'050'000));
  recorder_->mark(a_, 7, Stage::cloud_answer, us(2'090'000));
  const auto lines = rows();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0],
            "vib_1,7,result,,3,1,2,0.750000,1000000.000,2000000.000,2000100.000,2000200.000,2001500.000,"
            "2003500.250,2010000.000,2010050.000,2012050.000,2012060.000,2050000.000,2090000.000,"
            "12060.000,1012060.000,1000000.000,100.000,1400.000,2000.250,6499.750,50.000,2000.000,10.000,"
            "37940.000,40000.000,");
  ASSERT_EQ(outcomes_.size(), 1u);
  EXPECT_EQ(*outcomes_[0].e2e(), Duration::us(12'060));
  EXPECT_EQ(*outcomes_[0].age(), Duration::us(1'012'060));
  EXPECT_EQ(
      read_lines(directory_.path() / "spans.csv")[0],
      "device,sequence,outcome,cause,attempts,predicted_class,true_class,confidence,sense_begin_us,sense_end_"
      "us,"
      "tx_request_us,first_cca_us,tx_start_us,rx_gateway_us,edge_arrival_us,inference_begin_us,inference_end_"
      "us,"
      "result_us,cloud_stored_us,cloud_answer_us,e2e_us,age_us,hop_sensing_us,hop_compute_us,hop_access_us,"
      "hop_air_us,hop_wire_us,hop_queue_us,hop_inference_us,hop_reply_us,hop_store_us,hop_answer_us,ran_at");
}

TEST_F(SpanRecorderTest, TellsLostFromInFlightAndLateLosses) {
  open({.final_stage = Stage::cloud_stored, .grace = Duration(), .file = true, .formats = {}});
  recorder_->mark(a_, 1, Stage::sense_end, us(10));
  recorder_->lost(a_, 1, Stage::rx_gateway, "no_ack", us(20));
  recorder_->mark(a_, 1, Stage::result, us(25));  // too late: it was given up
  // Only the ACK was lost.
  recorder_->mark(a_, 2, Stage::sense_end, us(30));
  recorder_->mark(a_, 2, Stage::rx_gateway, us(40));
  recorder_->lost(a_, 2, Stage::rx_gateway, "no_ack", us(50));
  recorder_->mark(a_, 2, Stage::result, us(60));
  recorder_->lost(a_, 2, Stage::cloud_stored, "wan_loss", us(70));
  // Its loss on the way to the cloud is known before its result.
  recorder_->mark(b_, 1, Stage::sense_end, us(30));
  recorder_->lost(b_, 1, Stage::cloud_stored, "wan_loss", us(35));
  recorder_->mark(b_, 1, Stage::result, us(65));
  recorder_->mark(b_, 2, Stage::sense_end, us(90));
  recorder_->mark(b_, 3, Stage::sense_end, us(90));
  recorder_->mark(b_, 3, Stage::cloud_stored, us(95));
  recorder_->settle(us(80));
  EXPECT_EQ(recorder_->open_count(), 2);
  const auto lines = rows();
  std::vector<std::string> heads;
  for (const auto& line : lines) {
    const auto cells = split(line);
    heads.push_back(cells[0] + " " + cells[1] + " " + cells[2] + " " + cells[3]);
  }
  EXPECT_EQ(heads, (std::vector<std::string>{"vib_1 1 lost no_ack", "vib_1 2 result wan_loss",
                                             "vib_2 1 result wan_loss", "vib_2 3 lost no_result",
                                             "vib_2 2 in_flight in_flight"}));
  EXPECT_EQ(outcomes_.size(), 5u);
  EXPECT_EQ(closed_.size(), 5u);
  EXPECT_EQ(recorder_->late_marks(), 1);
}

TEST_F(SpanRecorderTest, WaitsTheGraceTimeForRetransmissionsAndDropsWhatIsLater) {
  open({.final_stage = Stage::result, .grace = Duration::ms(500), .file = true, .formats = {}});
  recorder_->mark(a_, 1, Stage::sense_end, us(0));
  recorder_->mark(a_, 1, Stage::tx_start, us(100));
  recorder_->mark(a_, 1, Stage::rx_gateway, us(2'000));
  recorder_->mark(a_, 1, Stage::result, us(3'000));
  EXPECT_EQ(outcomes_.size(), 1u);
  recorder_->settle(us(500'000));
  EXPECT_EQ(recorder_->open_count(), 1);
  recorder_->mark(a_, 1, Stage::tx_start, us(500'500));
  recorder_->settle(us(503'000));
  EXPECT_EQ(recorder_->open_count(), 0);
  recorder_->mark(a_, 1, Stage::tx_start, us(600'000));
  EXPECT_EQ(recorder_->open_count(), 0);
  EXPECT_EQ(recorder_->late_marks(), 1);
  ASSERT_EQ(closed_.size(), 1u);
  EXPECT_EQ(closed_[0].attempts, 2u);
  EXPECT_EQ(closed_[0].time(Stage::tx_start), us(100));
}

TEST_F(SpanRecorderTest, RemembersClosedSequencesInAnyOrder) {
  open({.final_stage = Stage::result, .grace = Duration(), .file = false, .formats = {}});
  std::vector<uint32_t> order;
  for (uint32_t i = 0; i < 300; ++i) order.push_back(i * 2 % 300 + (i >= 150));
  order.push_back(0xffffffffu);
  order.push_back(0xfffffffeu);
  RandomStream random(9, "order", "test");
  for (size_t i = order.size() - 1; i > 0; --i)
    std::swap(order[i], order[random.below(static_cast<uint32_t>(i + 1))]);
  for (const uint32_t s : order) {
    recorder_->mark(a_, s, Stage::sense_end, us(1));
    recorder_->mark(a_, s, Stage::result, us(2));
    recorder_->settle(us(2));
  }
  EXPECT_EQ(recorder_->late_marks(), 0);
  for (const uint32_t s : order) recorder_->mark(a_, s, Stage::result, us(3));
  EXPECT_EQ(recorder_->late_marks(), static_cast<int64_t>(order.size()));
  recorder_->mark(a_, 300, Stage::sense_end, us(3));
  EXPECT_EQ(recorder_->open_count(), 1);
  EXPECT_EQ(closed_.size(), order.size());
}

TEST_F(SpanRecorderTest, HopsNeedBothEndsInOrder) {
  // The model runs on the device: inference comes before the transmission.
  open({.final_stage = Stage::result, .grace = Duration(), .file = true, .formats = {}});
  recorder_->mark(a_, 1, Stage::sense_end, us(0));
  recorder_->mark(a_, 1, Stage::inference_begin, us(10));
  recorder_->mark(a_, 1, Stage::inference_end, us(30));
  recorder_->mark(a_, 1, Stage::tx_request, us(40));
  recorder_->mark(a_, 1, Stage::tx_start, us(50));
  recorder_->mark(a_, 1, Stage::rx_gateway, us(70));
  recorder_->mark(a_, 1, Stage::edge_arrival, us(90));
  recorder_->mark(a_, 1, Stage::result, us(90));
  const Span& s = outcomes_.at(0);
  EXPECT_FALSE(s.between(Stage::edge_arrival, Stage::inference_begin));
  EXPECT_FALSE(s.age());
  EXPECT_EQ(*s.between(Stage::inference_begin, Stage::inference_end), Duration::us(20));
}

TEST(Span, HopsToTheResultAddUp) {
  Span edge;
  const auto set = [](Span& s, Stage stage, int64_t t) { s.at[static_cast<size_t>(stage)] = us(t); };
  set(edge, Stage::sense_end, 100);
  set(edge, Stage::tx_request, 110);
  set(edge, Stage::tx_start, 130);
  set(edge, Stage::rx_gateway, 170);
  set(edge, Stage::edge_arrival, 250);
  set(edge, Stage::inference_begin, 260);
  set(edge, Stage::inference_end, 300);
  set(edge, Stage::result, 310);
  // The model ran on the device, which then reported its verdict.
  Span device = edge;
  set(device, Stage::inference_begin, 103);
  set(device, Stage::inference_end, 107);
  set(device, Stage::result, 108);
  set(device, Stage::cloud_stored, 400);
  for (const Span* s : {&edge, &device}) {
    Duration sum;
    for (size_t i = 1; i < 8; ++i) sum = sum + s->hop(kHops[i]).value_or(Duration());
    EXPECT_EQ(sum, *s->e2e());
  }
  EXPECT_EQ(edge.hop(kHops[1]), Duration::us(10));   // compute
  EXPECT_EQ(device.hop(kHops[1]), Duration::us(3));  // until the model runs
  EXPECT_EQ(edge.hop(kHops[4]), Duration::us(80));   // wire
  EXPECT_EQ(device.hop(kHops[3]), std::nullopt);     // on the air after the result
  EXPECT_EQ(device.hop(kHops[8]), Duration::us(292));
}

}  // namespace
}  // namespace xedgesim::metrics
