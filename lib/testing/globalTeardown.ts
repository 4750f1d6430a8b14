export default function globalTeardown(): void {
  (globalThis as { stopEngine?: () => void }).stopEngine?.();
}
