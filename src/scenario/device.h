#pragma once
#include <array>
#include <nlohmann/json.hpp>

#include "scenario/common.h"
#include "scenario/typed_text.h"

namespace xedgesim::scenario {

/// Where the devices of one group stand.
struct Placement {
  enum class Topology { grid, line, circle, random, positions };
  Topology topology = Topology::grid;
  double spacing_m = 10;            ///< grid, line
  double radius_m = 50;             ///< circle, random
  Position origin;                  ///< centre of grid, circle and disc, start of the line
  std::vector<Position> positions;  ///< positions: one a device (also filled from positions_file)
  FilePath positions_file;          ///< CSV with the columns x_m,y_m[,z_m][,phase_s]
  std::vector<Duration> phases;     ///< from the file's phase_s; empty: the file has none
  bool operator==(const Placement&) const = default;
};

/// Handed to firmware through UICR customer words and to behavioural models directly. Absent: the
/// firmware's or model's own default. `extra` holds the free keys that begin with x-.
struct DeviceConfig {
  std::optional<int64_t> sample_rate_hz;
  std::optional<Duration> report_interval;
  std::optional<Duration> forward_interval;
  std::optional<Duration> inference_interval;
  std::optional<int64_t> packet_size;  ///< payload bytes
  std::optional<double> tx_power_dbm;
  std::optional<Duration> phase;        ///< first report; absent: seeded, different for each device
  std::optional<Duration> jitter;       ///< models: each report is late by up to this, uniform
  std::optional<int64_t> report_count;  ///< models: reports before it falls silent; absent: no end
  std::optional<bool> rx_on_when_idle;  ///< models: macRxOnWhenIdle; absent: false
  std::optional<double> antenna_gain_db;
  std::optional<std::string> gateway;    ///< of network.gateways; absent: the nearest
  std::optional<int64_t> window;         ///< samples a feature vector is computed from
  std::optional<int64_t> short_address;  ///< 0..0xfffd; of the first device of a group, then counting up
  std::optional<int64_t> pan_id;         ///< 0..0xffff
  std::optional<int64_t> destination;    ///< short address frames are sent to
  std::optional<int64_t> channel;        ///< 11..26; absent: network.wireless.channel
  std::optional<bool> ack;               ///< request link-layer acknowledgements
  std::optional<int64_t> min_be;
  std::optional<int64_t> max_be;
  std::optional<int64_t> max_csma_backoffs;
  std::optional<int64_t> max_frame_retries;
  std::optional<std::string> topic;
  std::optional<int64_t> topic_id;
  std::optional<int64_t> qos;  ///< MQTT-SN 0..2
  nlohmann::json extra = nlohmann::json::object();
  bool operator==(const DeviceConfig&) const = default;
};

/// How often a device reports has three names; the first of them that is given counts.
struct ReportInterval {
  const char* key;  ///< of `config`
  std::optional<Duration> value;
};
inline std::array<ReportInterval, 3> report_intervals(const DeviceConfig& c) {
  return {{{"report_interval", c.report_interval},
           {"forward_interval", c.forward_interval},
           {"inference_interval", c.inference_interval}}};
}
/// The one that counts; `report_interval` without a value when none is given.
inline ReportInterval report_interval(const DeviceConfig& c) {
  for (const ReportInterval& i : report_intervals(c))
    if (i.value) return i;
  return {"report_interval", std::nullopt};
}

/// What one analogue (or other) input of a device sees.
struct Sensor {
  enum class Type { vibration, frames, csv, wav, constant, sine, noise };
  std::string pin = "AIN0";  ///< AIN0..AIN7 or a model's channel name; `channel` is a synonym
  Type type = Type::vibration;
  FilePath file;    ///< csv, wav: samples; frames: table; vibration: data set (absent: generated)
  FilePath labels;  ///< frames: ground truth, one line a frame; absent: the table's column `label`
  std::optional<std::string> column;  ///< csv: column to use (absent: the first numeric one)
  std::optional<int64_t>
      rate_hz;       ///< rate of the recording; absent: from the file or the config's sample_rate
  bool loop = true;  ///< start again at the end of the recording
  std::optional<double> value_v;           ///< constant
  std::optional<double> scale_v;           ///< frames: of one unit of the table
  std::optional<double> amplitude_v;       ///< sine, noise (standard deviation)
  std::optional<double> offset_v;          ///< sine, noise
  std::optional<int64_t> frequency_hz;     ///< sine
  std::optional<std::string> fault_class;  ///< vibration: healthy, inner_race, outer_race, ball, mixed
  std::optional<double> anomaly_rate;      ///< vibration: share of anomalous windows, 0..1
  bool operator==(const Sensor&) const = default;
};

/// hybrid: the first layers run on the device, the rest at the edge.
struct MlSplit {
  std::vector<int64_t> device_layers;
  std::vector<int64_t> edge_layers;
  int64_t intermediate_size = 0;  ///< elements of the tensor sent between them
  bool operator==(const MlSplit&) const = default;
};

/// adaptive: when the placement changes (seed 1.6).
struct MlAdaptive {
  double low_battery = 0.2;          ///< below: infer at the edge
  double poor_network = 0.5;         ///< delivery ratio below: infer on the device
  std::optional<Duration> deadline;  ///< a report takes longer: infer on the device
  bool operator==(const MlAdaptive&) const = default;
};

/// Where a device is at a time; in between it moves in a straight line.
struct Waypoint {
  Duration time;
  Position position;
  bool operator==(const Waypoint&) const = default;
};

struct Battery {
  double capacity_c = 810;  ///< coulombs; 225 mAh, a CR2032
  double voltage_v = 3.0;
  double initial = 1.0;  ///< 0..1
  double cutoff_v = 1.8;
  bool operator==(const Battery&) const = default;
};

struct Console {
  std::optional<std::string> uart;
  bool record = true;            ///< keep the text in the results
  std::vector<TypedText> input;  ///< what somebody types
  bool operator==(const Console&) const = default;
};

/// ELF or HEX, or BIN at an address (`image.bin@0x10000`).
struct Firmware {
  FilePath file;
  std::optional<uint64_t> address;
  bool operator==(const Firmware&) const = default;
};

enum class MlPlacement { none, device, edge, cloud, hybrid, adaptive };
/// Where a sample's verdict has to be for the sample to be finished.
enum class MlResult { service, device };
enum class MlRemote { edge, cloud };

/// A group that runs in Renode: sdk/python/src/xedgesim/renode.py drives it.
struct RenodeSettings {
  std::vector<std::string> program;    ///< starts it; absent: renode
  std::string platform;                ///< a .repl file, as Renode finds it; absent: that of the board
  Duration quantum = Duration::ms(1);  ///< exchanges happen at its multiples
  std::string radio = "sysbus.radio";  ///< empty: none
  std::string uart = "sysbus.uart0";
  int64_t radio_prefix = 0;  ///< bytes that Renode's radio puts before a frame
  bool operator==(const RenodeSettings&) const = default;
};

/// One group of equal devices; `count` of them are made (see expand.h).
struct Device {
  enum class Type { mcu, model, renode, external };
  enum class OnLockup { stop, carry_on };
  std::string id;
  std::string description;
  int64_t count = 1;
  Type type = Type::mcu;
  std::string platform;    ///< a known board, or the path of a platform YAML
  FilePath platform_file;  ///< set when `platform` is a path
  std::optional<Firmware> firmware;
  FilePath model;                    ///< type model: script, or the name of a built-in model (no file then)
  std::vector<std::string> command;  ///< type external: program to start (absent: it connects by itself)
  std::string socket;  ///< type external: unix:PATH or tcp:ADDRESS:PORT; absent: in the results folder
  Duration timeout = Duration::s(30);    ///< type external: wall time it may take for one answer
  std::optional<RenodeSettings> renode;  ///< type renode: absent: it runs here, as mcu
  DeviceConfig config;
  Placement placement;
  std::optional<Position> position;  ///< instead of placement, for a single device
  std::vector<Waypoint>
      waypoints;  ///< relative to where each device of the group stands; empty: it stays there
  std::vector<Sensor> sensors;
  MlPlacement ml_placement = MlPlacement::none;
  FilePath ml_model;
  int64_t ml_model_address = 0xC0000;  ///< flash address at which the firmware looks for it
  std::vector<std::string> ml_classes;
  MlResult ml_result = MlResult::service;
  Duration ml_result_wait = Duration::ms(20);  ///< result device: how long the device listens for it
  std::optional<MlSplit> ml_split;
  MlRemote ml_remote = MlRemote::edge;  ///< hybrid, adaptive: where the model runs that is not the device's
  std::optional<MlAdaptive> ml_adaptive;
  std::optional<Battery> battery;
  double clock_drift_ppm = 0;
  double clock_drift_spread_ppm = 0;  ///< each device is drawn from drift ± spread (seeded)
  Console console;
  OnLockup on_lockup = OnLockup::stop;

  /// Runs firmware on an emulated MCU here; the seed's `renode` means that too.
  bool emulated() const { return type == Type::mcu || (type == Type::renode && !renode); }
  bool in_renode() const { return type == Type::renode && renode; }
  bool operator==(const Device&) const = default;
};

}  // namespace xedgesim::scenario
