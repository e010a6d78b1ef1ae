// The messages of the local API, as node/control/types.go declares them. Go
// writes an empty list without omitempty as null, so lists may be null.

export interface Point { x: number; y: number; z: number }

export interface WorldInfo {
  id: string; name: string; founder: string; founded: string
  spacing: number; min: Point; max: Point; link?: string
}

export interface Region {
  id: string; name: string; site: Point; owner: string
  color: string; live: boolean
}

export interface Entity {
  id: string; kind: string; name: string; region: string; owner?: string
  shape: string; size: Point; color: string
  pos: Point; rot: [number, number, number, number]; vel: Point
  script?: string; me?: boolean
}

export interface Pose {
  id: string
  p: [number, number, number]
  r: [number, number, number, number]
  v: [number, number, number]
}

export interface ChatLine {
  from: string; key: string; entity: string; region: string
  text: string; channel?: string; time: string; tick: number
}

export interface Neighbour {
  key: string; peerId: string; name?: string; kind: string
  pos: Point; distance: number; age: number; rays: number
}

export interface Frame {
  seq: number; full?: boolean; world?: WorldInfo
  regions?: Region[] | null; upsert?: Entity[] | null
  poses?: Pose[] | null; gone?: string[] | null
  chat?: ChatLine[] | null; me?: string; in?: string
  notice?: string[] | null; neighbours?: Neighbour[] | null
}

export interface Status {
  name: string; key: string; peerId: string; version: string; uptime: number
  world?: WorldInfo; avatar?: Entity; inRegion: string
  regions: Region[] | null
  counters: Record<string, number> | null
}

export interface Slot { name: string; type: string; value: string }

export interface Inspection {
  entity: Entity; slots: Slot[] | null
  language?: string; source?: string; sourceCid?: string
  license?: string; author?: string; runs: number; lastError?: string
}

export interface Steer { x: number; z: number; jump?: boolean }

/** Shard is what one region's physics holds near my avatar. */
export interface Shard {
  region: string; tick: number
  bodies: ShardBody[] | null; touches: Touching[] | null
}

export interface ShardBody {
  id: string; owner: string; epoch: string
  shape: string; size: [number, number, number]
  p: [number, number, number]; r: [number, number, number, number]; v: [number, number, number]
  fixed?: boolean; asleep?: boolean; age?: number
}

export interface Touching {
  a?: string; b: string
  n: [number, number, number]; i: number
  points: [number, number, number][]
}

export interface AdminStatus {
  region: string; me: string; may: boolean; index: number; words?: string[]; banned?: string[] | null
  admins: { key: string }[]
  temp?: string; vacant: boolean; warning?: string
  settings?: AdminSettings
}

/** AdminSettings says how admins are succeeded; what is left out stays as it is. */
export interface AdminSettings {
  vacantDays?: number; activeDays?: number; minDays?: number
  countDowntime?: boolean; tempMayNotBan?: boolean
}

/** AccessReport is who may do what in a region, for those who keep order there. */
export interface AccessReport {
  region: string; tick: number; settings: { whitelist?: boolean }
  members?: { key: string; role?: string; listed?: boolean; inviter?: string }[] | null
}

export interface RegionRules { region: string; copyleft: boolean }

/** Standing is what I am and may do in a region. */
export interface Standing { region: string; enter: boolean; role?: string; may?: string[] }

export interface Block { key: string; name?: string; things?: boolean; since: string }

export interface Process { pid: number; name: string; state: string; screen?: boolean }

export interface ScreenRun { text: string; fg?: string; bg?: string; flags?: number }

export interface ScreenSound {
  stop?: boolean; wave?: string; hertz?: number; volume: number; seconds: number
  rate?: number; pcm?: string
}

export interface ScreenFrame {
  whole?: boolean; title?: string
  cols?: number; rows?: number; width?: number; height?: number
  cursor?: { col: number; row: number }
  lines?: { row: number; runs: ScreenRun[] | null }[] | null
  bands?: { y: number; rows: number; rgb: string }[] | null
  sounds?: ScreenSound[] | null
}
