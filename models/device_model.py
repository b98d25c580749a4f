# models/device_model.py

import json
import random
import time

class DeviceModel:
    """
    Abstract device model for scalability.

    Models device behavior without instruction-level emulation:
    - Periodic sampling and transmission
    - Energy consumption estimation
    - Simple radio protocol
    """

    def __init__(self, node_id, config):
        self.node_id = node_id
        self.sample_rate = config['sample_rate']  # Hz
        self.report_interval = config['report_interval']  # seconds
        self.packet_size = config['packet_size']  # bytes
        self.tx_power_dbm = config['tx_power']

        # Energy model parameters
        self.energy_per_sample_uJ = 10
        self.energy_per_tx_uJ = 50 * (10 ** (self.tx_power_dbm / 10.0))
        self.energy_idle_uw = 5  # μW in idle

        # State
        self.current_time_us = 0
        self.next_report_time_us = self.report_interval * 1e6
        self.samples_buffer = []

    def advance(self, target_time_us):
        """
        Advance model from current_time to target_time.

        Returns list of events that occurred during this time period.
        """
        events = []
        delta_us = target_time_us - self.current_time_us

        # How many samples in this time window?
        num_samples = int((delta_us / 1e6) * self.sample_rate)

        for i in range(num_samples):
            # Generate synthetic sample
            sample = self.generate_sample()
            self.samples_buffer.append(sample)

            # Energy for sampling
            events.append({
                'type': 'energy',
                'node_id': self.node_id,
                'amount_uJ': self.energy_per_sample_uJ
            })

        # Check if it's time to report
        if target_time_us >= self.next_report_time_us:
            # Generate packet
            packet = self.create_packet(self.samples_buffer)

            events.append({
                'type': 'packet_tx',
                'node_id': self.node_id,
                'size': len(packet),
                'data': packet,
                'dest': 'gateway',
                'tx_power_dbm': self.tx_power_dbm
            })

            # Energy for transmission
            events.append({
                'type': 'energy',
                'node_id': self.node_id,
                'amount_uJ': self.energy_per_tx_uJ
            })

            # Clear buffer and schedule next report
            self.samples_buffer = []
            self.next_report_time_us += self.report_interval * 1e6

        # Idle energy
        idle_energy_uJ = (delta_us / 1e6) * self.energy_idle_uw
        events.append({
            'type': 'energy',
            'node_id': self.node_id,
            'amount_uJ': idle_energy_uJ
        })

        self.current_time_us = target_time_us
        return events

    def generate_sample(self):
        """Generate synthetic vibration sample"""
        # Simple synthetic data (normal + anomaly)
        if random.random() < 0.05:  # 5% anomaly rate
            return random.gauss(100, 20)  # Anomalous vibration
        else:
            return random.gauss(10, 2)    # Normal vibration

    def create_packet(self, samples):
        """Create packet from buffered samples"""
        # Simplified packet format
        packet = {
            'node_id': self.node_id,
            'timestamp': self.current_time_us,
            'samples': samples[:10],  # Send last 10 samples
            'rms': sum(samples) / len(samples) if samples else 0
        }
        return json.dumps(packet).encode()
