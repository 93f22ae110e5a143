// Public face of the envelope codec; Node only.
export {};
