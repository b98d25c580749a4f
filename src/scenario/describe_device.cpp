#include "scenario/describe.h"

namespace xedgesim::scenario {
namespace {

constexpr int64_t kLongestCount = 100'000;

/// `positions` is a list of points, or the file they are in.
class PositionsCodec : public Codec<Placement> {
 public:
  bool load(const Value& value, Placement& out, const Path& path, LoadContext& context) const override {
    if (value.is_list()) return points_->load(value, out.positions, path, context);
    return file_->load(value, out.positions_file, path, context);
  }
  nlohmann::json schema(bool partial) const override {
    return {{"anyOf", nlohmann::json::array({points_->schema(partial), file_->schema(partial)})}};
  }
  ValuePtr dump(const Placement& from) const override {
    if (!from.positions_file.empty()) return file_->dump(from.positions_file);
    return from.positions.empty() ? nullptr : points_->dump(from.positions);
  }
  std::string type() const override { return "list of positions, or file"; }

 private:
  CodecPtr<std::vector<Position>> points_ = list_of(position());
  CodecPtr<FilePath> file_ = file_path();
};

const Description<Placement>& describe_placement() {
  using T = Placement::Topology;
  static const Description<Placement> kD = [] {
    Description<Placement> d;
    d.doc = "Where the devices of a group stand.";
    d.add({.key = "topology", .doc = "shape; a grid leaves its centre to the gateway"}, &Placement::topology,
          choice<T>({{"grid", T::grid},
                     {"line", T::line},
                     {"circle", T::circle},
                     {"random", T::random},
                     {"positions", T::positions}}));
    d.add({.key = "spacing", .doc = "grid and line: distance of neighbours"}, &Placement::spacing_m,
          length(0.01, 1e6));
    d.add({.key = "radius", .doc = "circle: its radius; random: radius of the disc"}, &Placement::radius_m,
          length(0.01, 1e6));
    d.add({.key = "origin", .doc = "centre of grid, circle and disc, start of the line"}, &Placement::origin,
          position());
    d.add_whole({.key = "positions",
                 .doc = "points, one a device, or a CSV file with the columns x_m,y_m[,z_m][,phase_s]; "
                        "phase_s is added to "
                        "config.phase, and the number of rows is the count when none is given"},
                std::make_shared<PositionsCodec>());
    return d;
  }();
  return kD;
}

const Description<DeviceConfig>& describe_config() {
  using C = DeviceConfig;
  static const Description<C> kD = [] {
    Description<C> d;
    d.doc =
        "Settings for the firmware (UICR customer words) or the model. What is absent is the firmware's own "
        "choice.";
    d.keep_extra(&C::extra);
    d.add({.key = "sample_rate", .doc = "samples a second of the sensor"}, &C::sample_rate_hz, frequency());
    d.add({.key = "report_interval", .doc = "time between reports"}, &C::report_interval,
          positive_duration());
    d.add({.key = "forward_interval",
           .doc = "time between data packets to the edge; the same as report_interval, which goes first"},
          &C::forward_interval, positive_duration());
    d.add({.key = "inference_interval",
           .doc = "time between inferences on the device; the same as the two before it, which go first"},
          &C::inference_interval, positive_duration());
    d.add({.key = "packet_size", .doc = "payload of a report"}, &C::packet_size, bytes_bare(1, 1, 65535));
    d.add({.key = "tx_power", .doc = "transmit power"}, &C::tx_power_dbm, power_bare());
    d.add({.key = "phase", .doc = "time of the first report; absent: drawn for each device"}, &C::phase,
          duration());
    d.add({.key = "jitter", .doc = "models: each report is late by up to this, uniformly"}, &C::jitter,
          duration());
    d.add({.key = "report_count", .doc = "models: reports before the device falls silent; absent: no end"},
          &C::report_count, integer(0, 1'000'000'000));
    d.add({.key = "rx_on_when_idle", .doc = "models: the receiver stays on between frames; absent: no"},
          &C::rx_on_when_idle, boolean());
    d.add({.key = "antenna_gain", .doc = "gain of the device's antenna; absent: 0dB"}, &C::antenna_gain_db,
          ratio_db(-100, 100));
    d.add({.key = "gateway",
           .doc = "entry of network.gateways it reports to; absent: the nearest. Sets channel, pan_id and "
                  "destination "
                  "where they are absent"},
          &C::gateway, text());
    d.add({.key = "window", .doc = "samples one feature vector is computed from"}, &C::window,
          integer(1, 1'000'000));
    d.add({.key = "short_address",
           .doc = "802.15.4 short address of the group's first device; the others count up"},
          &C::short_address, integer(0, 0xfffd));
    d.add({.key = "pan_id", .doc = "802.15.4 PAN identifier"}, &C::pan_id, integer(0, 0xffff));
    d.add({.key = "destination", .doc = "short address frames are sent to"}, &C::destination,
          integer(0, 0xffff));
    d.add({.key = "channel", .doc = "802.15.4 channel; absent: the network's"}, &C::channel, integer(11, 26));
    d.add({.key = "ack", .doc = "ask for link-layer acknowledgements"}, &C::ack, boolean());
    d.add({.key = "min_be", .doc = "CSMA/CA: first backoff exponent"}, &C::min_be, integer(0, 8));
    d.add({.key = "max_be", .doc = "CSMA/CA: largest backoff exponent"}, &C::max_be, integer(0, 8));
    d.add({.key = "max_csma_backoffs", .doc = "CSMA/CA: backoffs before giving up"}, &C::max_csma_backoffs,
          integer(0, 5));
    d.add({.key = "max_frame_retries", .doc = "retransmissions of an unacknowledged frame"},
          &C::max_frame_retries, integer(0, 7));
    d.add({.key = "topic", .doc = "MQTT-SN topic name"}, &C::topic, text());
    d.add({.key = "topic_id", .doc = "MQTT-SN predefined topic id"}, &C::topic_id, integer(1, 0xfffe));
    d.add({.key = "qos", .doc = "MQTT-SN quality of service"}, &C::qos, integer(0, 2));
    return d;
  }();
  return kD;
}

const Description<Sensor>& describe_sensor() {
  using T = Sensor::Type;
  static const Description<Sensor> kD = [] {
    Description<Sensor> d;
    d.doc = "What one input of a device sees.";
    d.add({.key = "pin", .doc = "analogue input (AIN0 to AIN7) or a model's channel", .synonym = "channel"},
          &Sensor::pin, identifier());
    d.add({.key = "type", .doc = "kind of feed", .required = true}, &Sensor::type,
          choice<T>({{"vibration", T::vibration},
                     {"frames", T::frames},
                     {"csv", T::csv},
                     {"wav", T::wav},
                     {"constant", T::constant},
                     {"sine", T::sine},
                     {"noise", T::noise}}));
    d.add(
        {.key = "file",
         .doc = "csv, wav: the recording; frames: a table, one row a window; vibration: a data set (absent: "
                "generated)"},
        &Sensor::file, file_path());
    d.add({.key = "labels",
           .doc = "frames: the class of each row, one a line; absent: the table's column `label`"},
          &Sensor::labels, file_path());
    d.add({.key = "column", .doc = "csv: column to use; absent: the first numeric one"}, &Sensor::column,
          text());
    d.add({.key = "rate", .doc = "rate of the recording; absent: the file's or config.sample_rate"},
          &Sensor::rate_hz, frequency());
    d.add({.key = "loop", .doc = "begin again at the end of the recording"}, &Sensor::loop, boolean());
    d.add({.key = "value", .doc = "constant: the voltage"}, &Sensor::value_v, voltage(-1000, 1000));
    d.add({.key = "scale", .doc = "frames: voltage of one unit of the table; absent: 1V"}, &Sensor::scale_v,
          voltage(-1000, 1000));
    d.add({.key = "amplitude", .doc = "sine: amplitude; noise: standard deviation"}, &Sensor::amplitude_v,
          voltage(0, 1000));
    d.add({.key = "offset", .doc = "sine and noise: mean"}, &Sensor::offset_v, voltage(-1000, 1000));
    d.add({.key = "frequency", .doc = "sine: its frequency"}, &Sensor::frequency_hz, frequency());
    d.add({.key = "fault_class", .doc = "vibration: bearing condition"}, &Sensor::fault_class,
          known_name("bearing condition", {"healthy", "inner_race", "outer_race", "ball", "mixed"}));
    d.add({.key = "anomaly_rate", .doc = "vibration: share of faulty windows when generated"},
          &Sensor::anomaly_rate, fraction());
    return d;
  }();
  return kD;
}

const Description<MlSplit>& describe_split() {
  static const Description<MlSplit> kD = [] {
    Description<MlSplit> d;
    d.doc = "hybrid placement: which layers run where.";
    d.add({.key = "device_layers", .doc = "layers on the device, from the first", .required = true},
          &MlSplit::device_layers, list_of(integer(0, 100'000)));
    d.add({.key = "edge_layers", .doc = "layers at the edge, up to the last", .required = true},
          &MlSplit::edge_layers, list_of(integer(0, 100'000)));
    d.add({.key = "intermediate_size",
           .doc = "elements of the tensor sent between them; 0: taken from the model"},
          &MlSplit::intermediate_size, integer(0, 1'000'000'000));
    return d;
  }();
  return kD;
}

const Description<MlAdaptive>& describe_adaptive() {
  static const Description<MlAdaptive> kD = [] {
    Description<MlAdaptive> d;
    d.doc = "adaptive placement: when it changes.";
    d.add({.key = "low_battery", .doc = "charge below which inference moves to the edge"},
          &MlAdaptive::low_battery, fraction());
    d.add({.key = "poor_network", .doc = "delivery ratio below which inference stays on the device"},
          &MlAdaptive::poor_network, fraction());
    d.add({.key = "deadline",
           .doc = "a report that takes longer from the window's end moves inference to the device"},
          &MlAdaptive::deadline, positive_duration());
    return d;
  }();
  return kD;
}

const Description<Waypoint>& describe_waypoint() {
  static const Description<Waypoint> kD = [] {
    Description<Waypoint> d;
    d.doc = "A place on the way of a moving device.";
    d.add({.key = "time", .doc = "when it is there", .required = true}, &Waypoint::time, duration());
    d.add({.key = "position", .doc = "relative to where the device stands at the start", .required = true},
          &Waypoint::position, position());
    return d;
  }();
  return kD;
}

const Description<Battery>& describe_battery() {
  static const Description<Battery> kD = [] {
    Description<Battery> d;
    d.doc = "The device's battery; absent: mains.";
    d.add({.key = "capacity", .doc = "charge when full"}, &Battery::capacity_c, charge());
    d.add({.key = "voltage", .doc = "voltage when full"}, &Battery::voltage_v, voltage(0.1, 100));
    d.add({.key = "initial", .doc = "charge at the start"}, &Battery::initial, fraction());
    d.add({.key = "cutoff", .doc = "voltage at which the device goes off"}, &Battery::cutoff_v,
          voltage(0, 100));
    return d;
  }();
  return kD;
}

const Description<TypedText>& describe_typed() {
  static const Description<TypedText> kD = [] {
    Description<TypedText> d;
    d.doc = "Text that arrives at the console's receiver, byte by byte at the line's rate.";
    d.add({.key = "at", .doc = "when the first byte begins", .required = true}, &TypedText::at, duration());
    d.add({.key = "text", .doc = "the bytes; \"\\r\" in double quotes is the Enter key", .required = true},
          &TypedText::text, text());
    return d;
  }();
  return kD;
}

const Description<Console>& describe_console() {
  static const Description<Console> kD = [] {
    Description<Console> d;
    d.doc = "The serial port people read.";
    d.add({.key = "uart",
           .doc = "device it is printed by; absent: the platform's; itm: port 0 of the trace unit; "
                  "semihosting: Arm "
                  "semihosting, which this switches on"},
          &Console::uart, identifier());
    d.add({.key = "record", .doc = "keep the text in the results"}, &Console::record, boolean());
    d.add({.key = "input", .doc = "what somebody types"}, &Console::input,
          list_of(struct_of(describe_typed())));
    return d;
  }();
  return kD;
}

const Description<RenodeSettings>& describe_renode() {
  using R = RenodeSettings;
  static const Description<R> kD = [] {
    Description<R> d;
    d.doc = "Runs the group's firmware in Renode.";
    d.add({.key = "program", .doc = "what starts it; absent: renode"}, &R::program, one_or_more(text()));
    d.add({.key = "platform",
           .doc = ".repl file as Renode finds it; absent: that of the platform, where it has one"},
          &R::platform, text());
    d.add({.key = "quantum",
           .doc = "Renode runs from one multiple of it to the next, and exchanges frames there"},
          &R::quantum, positive_duration());
    d.add({.key = "radio", .doc = "its 802.15.4 radio; empty: none"}, &R::radio, text());
    d.add({.key = "uart", .doc = "its console"}, &R::uart, text());
    d.add({.key = "radio_prefix", .doc = "bytes its radio model puts before the frame"}, &R::radio_prefix,
          integer(0, 16));
    return d;
  }();
  return kD;
}

const Description<Device>& describe_device() {
  using T = Device::Type;
  using P = MlPlacement;
  static const Description<Device> kD = [] {
    Description<Device> d;
    d.doc = "One group of equal devices.";
    d.add({.key = "id",
           .doc = "name of the device, or of the group when count is more than 1",
           .required = true},
          &Device::id, identifier());
    d.consumed({.key = "kind", .doc = "entry of `kinds` whose keys apply where this device has none"},
               identifier());
    d.add({.key = "description", .doc = "for people"}, &Device::description, text());
    d.add({.key = "count", .doc = "number of devices; more than 1 makes id_1, id_2, …"}, &Device::count,
          integer(1, kLongestCount, "a number of devices"));
    d.add(
        {.key = "type",
         .doc = "mcu: firmware on an emulated board; model: behaviour only; renode: as mcu, or in Renode "
                "with the key "
                "renode; external: "
                "another program"},
        &Device::type,
        choice<T>({{"mcu", T::mcu}, {"model", T::model}, {"renode", T::renode}, {"external", T::external}}));
    d.add({.key = "platform", .doc = "board, or the path of a platform YAML"}, &Device::platform, text());
    d.add({.key = "firmware", .doc = "ELF, HEX or BIN@address"}, &Device::firmware, firmware_image());
    d.add(
        {.key = "model",
         .doc =
             "type model: the name of a built-in model, vibration_sensor (absent) or periodic, or a script"},
        &Device::model, file_path(FileKind::path_or_name));
    d.add({.key = "command", .doc = "type external: program to start; absent: it connects by itself"},
          &Device::command, one_or_more(text()));
    d.add({.key = "socket",
           .doc = "type external: where the program connects to, unix:PATH or tcp:127.0.0.1:PORT; absent: a "
                  "socket "
                  "made for the run"},
          &Device::socket, text());
    d.add({.key = "timeout", .doc = "type external: wall time one answer may take"}, &Device::timeout,
          positive_duration());
    d.add({.key = "renode", .doc = "type renode: run the firmware in Renode; absent: here, as type mcu"},
          &Device::renode, struct_of(describe_renode()));
    d.add({.key = "config", .doc = "settings for firmware or model"}, &Device::config, device_config_codec());
    d.add({.key = "placement", .doc = "where the devices stand"}, &Device::placement,
          struct_of(describe_placement()));
    d.add({.key = "position", .doc = "where a single device stands, instead of placement"}, &Device::position,
          position());
    d.add(
        {.key = "waypoints",
         .doc = "the way of a moving device, straight and even between the points; it stays at the last one"},
        &Device::waypoints, list_of(struct_of(describe_waypoint())));
    d.add({.key = "sensors",
           .doc = "inputs; absent with a config.sample_rate: vibration on AIN0, else none",
           .keep_empty = true},
          &Device::sensors, list_of(struct_of(describe_sensor())));
    d.add({.key = "ml_placement", .doc = "where inference runs"}, &Device::ml_placement,
          choice<P>({{"none", P::none},
                     {"device", P::device},
                     {"edge", P::edge},
                     {"cloud", P::cloud},
                     {"hybrid", P::hybrid},
                     {"adaptive", P::adaptive}}));
    d.add({.key = "ml_model",
           .doc = "model the device runs: .tflite, or int8 ONNX, from which the .tflite is made; absent: the "
                  "one in the "
                  "firmware"},
          &Device::ml_model, file_path());
    d.add({.key = "ml_model_address", .doc = "flash address at which the firmware looks for its model"},
          &Device::ml_model_address, integer(0, 0xffffffff, "an address"));
    d.add({.key = "ml_classes", .doc = "names of the model's classes; absent: those of the bearing models"},
          &Device::ml_classes, list_of(text()));
    d.add({.key = "ml_result",
           .doc = "where the verdict is wanted: service: where the model runs; device: back at the device"},
          &Device::ml_result,
          choice<MlResult>({{"service", MlResult::service}, {"device", MlResult::device}}));
    d.add({.key = "ml_result_wait", .doc = "ml_result device: how long the device listens after its report"},
          &Device::ml_result_wait, positive_duration());
    d.add({.key = "ml_split", .doc = "hybrid: which layers run where"}, &Device::ml_split,
          struct_of(describe_split()));
    d.add({.key = "ml_remote",
           .doc =
               "hybrid: where the rest of the cut model runs; adaptive: where the model runs when not on the "
               "device"},
          &Device::ml_remote, choice<MlRemote>({{"edge", MlRemote::edge}, {"cloud", MlRemote::cloud}}));
    d.add({.key = "ml_adaptive", .doc = "adaptive: when the placement changes"}, &Device::ml_adaptive,
          struct_of(describe_adaptive()));
    d.add({.key = "battery", .doc = "absent: mains"}, &Device::battery, struct_of(describe_battery()));
    d.add({.key = "clock_drift", .doc = "deviation of the clock"}, &Device::clock_drift_ppm, ppm());
    d.add({.key = "clock_drift_spread", .doc = "each device is drawn from clock_drift ± this"},
          &Device::clock_drift_spread_ppm, ppm());
    d.add({.key = "console", .doc = "serial port people read"}, &Device::console,
          struct_of(describe_console()));
    d.add({.key = "on_lockup", .doc = "what a processor in lock-up does to the run"}, &Device::on_lockup,
          choice<Device::OnLockup>(
              {{"stop", Device::OnLockup::stop}, {"continue", Device::OnLockup::carry_on}}));
    return d;
  }();
  return kD;
}

}  // namespace

CodecPtr<DeviceConfig> device_config_codec() { return struct_of(describe_config()); }
CodecPtr<Device> device_codec() { return struct_of(describe_device()); }

}  // namespace xedgesim::scenario
