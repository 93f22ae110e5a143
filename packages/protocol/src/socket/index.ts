// Face for the two ends of the delegate socket in Node.
export { SocketCork } from './socket-cork.ts';
