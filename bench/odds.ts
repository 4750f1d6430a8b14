import { config } from '../lib/config/config.ts';
import { print } from './report.ts';

/** Prints the odds that an attacker guesses an OTP under the configured limits. */
const codes = 1_000_000;

const attempts = {
  'one phone, by all networks together, a day': config.wrongOtpsPerPhonePerDay,
  'test number, by 10,000 networks, a day': 10_000 * 7,
  'one address, over all phones, an hour': config.wrongOtpsPerNetworkPerHour,
  'one address, over all phones, a day': 24 * config.wrongOtpsPerNetworkPerHour,
  'all SMS of a stage, with every attempt, a day': config.otpSendsPerStagePerDay * config.attemptsPerOtp,
};

for (const [attacker, count] of Object.entries(attempts)) {
  const chance = 1 - (1 - 1 / codes) ** count;
  print(
    `${attacker.padEnd(46)} ${String(count).padStart(7)} attempts, 1 in ${Math.round(1 / chance).toLocaleString('en')}`,
  );
}
