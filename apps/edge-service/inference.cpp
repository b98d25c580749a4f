#include <poll.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iterator>

#include "classifier.h"
#include "mqtt_client.h"
#include "services.h"

namespace edge {
namespace {

// firmware/common/report.h and verdict.h
constexpr size_t kReportSize = 44, kReportHead = 12, kVerdictHead = 16, kMostClasses = 16;
constexpr const char* kClasses[] = {"healthy", "inner_race", "outer_race", "ball"};

int16_t q8(float v) { return static_cast<int16_t>(std::lround(std::clamp(v * 256.0f, -32768.0f, 32767.0f))); }

Bytes verdict(std::span<const uint8_t> report, const std::vector<float>& scores, size_t best) {
  Bytes out(report.begin(), report.begin() + kReportHead);
  out.insert(out.end(), {static_cast<uint8_t>(best), static_cast<uint8_t>(scores.size()), 0, 0});
  for (const float s : scores) {
    const auto v = static_cast<uint16_t>(q8(s));
    out.push_back(static_cast<uint8_t>(v));
    out.push_back(static_cast<uint8_t>(v >> 8));
  }
  return out;
}

}  // namespace

void run_inference(const std::string& model_file) {
  const std::unique_ptr<Classifier> model = open_classifier(model_file);
  MqttClient broker("inference", broker_port());
  broker.subscribe("sn/+/1");
  std::printf("edge-service: inference ready\n");
  std::fflush(stdout);
  pollfd fds{broker.fd(), POLLIN, 0};
  for (;;) {
    poll(&fds, 1, -1);
    broker.read([&](const std::string& topic, std::span<const uint8_t> report) {
      if (report.size() != kReportSize || report[0] != 1) return;
      std::vector<float> features;
      for (size_t at = kReportHead; at < kReportSize; at += 2)
        features.push_back(static_cast<float>(static_cast<int16_t>(report[at] | report[at + 1] << 8)) /
                           256.0f);
      const std::vector<float> scores = model->scores(features);
      if (scores.empty() || scores.size() > kMostClasses) return;
      const auto best = static_cast<size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
      const std::string node = topic.substr(3, topic.rfind('/') - 3);
      const unsigned sequence = static_cast<unsigned>(report[2] | report[3] << 8);
      const std::string name = best < std::size(kClasses) ? kClasses[best] : std::to_string(best);
      char text[160];
      const int n = std::snprintf(text, sizeof text,
                                  "{\"node\":\"%s\",\"sequence\":%u,\"class\":\"%s\",\"score\":%.3f}",
                                  node.c_str(), sequence, name.c_str(), static_cast<double>(scores[best]));
      broker.publish("result/" + node,
                     std::span(reinterpret_cast<const uint8_t*>(text), static_cast<size_t>(n)));
      broker.publish("back/" + node + "/16", verdict(report, scores, best));
    });
  }
}

}  // namespace edge
