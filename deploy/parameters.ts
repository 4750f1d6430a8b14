import {
  DeleteParametersCommand,
  GetParameterCommand,
  GetServiceSettingCommand,
  ParameterAlreadyExists,
  ParameterNotFound,
  PutParameterCommand,
  SSMClient,
  UpdateServiceSettingCommand,
} from '@aws-sdk/client-ssm';
import { type SecretName, secretNames } from '../lib/aws/secrets.ts';

const SettingId = '/ssm/parameter-store/high-throughput-enabled';

/** The secrets of one stage of a service in SSM Parameter Store, each a SecureString. */
export class Parameters {
  readonly #client: SSMClient;
  readonly #path: string;

  constructor(service: string, stage: string, region: string) {
    this.#client = new SSMClient({ region });
    this.#path = `/${service}/${stage}`;
  }

  nameOf(secret: SecretName): string {
    return `${this.#path}/${secret}`;
  }

  /** Returns a secret, or undefined if there is none. */
  async read(secret: SecretName): Promise<string | undefined> {
    try {
      const command = new GetParameterCommand({ Name: this.nameOf(secret), WithDecryption: true });
      return (await this.#client.send(command)).Parameter?.Value;
    } catch (error) {
      if (error instanceof ParameterNotFound) return undefined;
      throw error;
    }
  }

  /** Tells whether a secret is there without decrypting it. */
  async exists(secret: SecretName): Promise<boolean> {
    try {
      await this.#client.send(new GetParameterCommand({ Name: this.nameOf(secret) }));
      return true;
    } catch (error) {
      if (error instanceof ParameterNotFound) return false;
      throw error;
    }
  }

  /** Creates a missing parameter. Returns false, and changes nothing, if it exists. */
  async create(secret: SecretName, value: string): Promise<boolean> {
    try {
      await this.#put(secret, value, false);
      return true;
    } catch (error) {
      if (error instanceof ParameterAlreadyExists) return false;
      throw error;
    }
  }

  replace(secret: SecretName, value: string): Promise<void> {
    return this.#put(secret, value, true);
  }

  /**
   * Raises the account's limit of reads in the region, for a charge.
   * @see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-throughput.html
   */
  async raiseThroughput(): Promise<void> {
    await this.#client.send(new UpdateServiceSettingCommand({ SettingId, SettingValue: 'true' }));
  }

  async hasHighThroughput(): Promise<boolean> {
    const { ServiceSetting } = await this.#client.send(new GetServiceSettingCommand({ SettingId }));
    return ServiceSetting?.SettingValue === 'true';
  }

  /** Deletes those that are there. */
  async removeAll(): Promise<void> {
    const Names = secretNames.map((name) => this.nameOf(name));
    await this.#client.send(new DeleteParametersCommand({ Names }));
  }

  async #put(secret: SecretName, Value: string, Overwrite: boolean): Promise<void> {
    await this.#client.send(
      new PutParameterCommand({
        Name: this.nameOf(secret),
        Value,
        Type: 'SecureString',
        Tier: 'Intelligent-Tiering',
        Overwrite,
      }),
    );
  }
}
