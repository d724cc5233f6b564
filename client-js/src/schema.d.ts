// Made from schema/records.json by schema/generate.mjs.

/** A UUID in lower case. */
export type Id = string
/** YYYY-MM-DD */
export type DateText = string
/** Since 1970, UTC. */
export type Milliseconds = number

export interface SchemaField {
  id: number
  label: string
  hint?: string
  type: 'string' | 'text' | 'choice' | 'date' | 'datetime' | 'int' | 'decimal'
    | 'bool' | 'ref' | 'choices' | 'refs' | 'document'
  merge: 'latest' | 'text' | 'ask' | 'set' | 'rank' | 'once'
  /** The types that it may refer to, with | between; 'any'. */
  ref?: string
  /** The name of a list in `choices`, or the list. */
  choices?: string | readonly (string | readonly [string, string])[]
  /** The least first. */
  order?: readonly (string | boolean)[]
  /** A rank: it goes back only together with a raise of this field. */
  reopened_by?: string
  /** Code points. */
  max?: number
  /** Fields of one group conflict together. */
  group?: string
  needed?: 'create' | 'submit' | 'sign'
  /** Narrower than the type's. */
  write?: readonly string[]
  resolver?: string
}

export interface SchemaType {
  id: number
  label: string
  help?: string
  bucket: string
  identity?: { natural: readonly string[] }
  /** The field that a person calls it by. */
  title?: string
  /** The field that points at the record whose bucket and people it shares. */
  parent?: string
  /** The field that points at the record with which it is signed. */
  signed_with?: string
  /** Two with the same of these may be one thing. */
  alike?: readonly string[]
  /** Its life cycle: 'standard', 'visit' or 'review'. */
  life?: string
  roles: Readonly<
    Record<'create' | 'read' | 'write' | 'sign' | 'delete', readonly string[]>
  >
  fields: Readonly<Record<string, SchemaField>>
}

export interface Schema {
  version: string
  roles: Readonly<
    Record<string, { about?: string; reach: readonly string[]; tablet: boolean }>
  >
  choices: Readonly<Record<string, readonly (readonly [string, string])[]>>
  types: Readonly<Record<string, SchemaType>>
}

export const SCHEMA: Schema

export interface Choices {
  area: 'LM' | 'ID' | 'TM' | 'TL' | 'DP'
  line: 'outcomes' | 'attendance' | 'suspensions' | 'send_leadership' | 'quality_of_education'
  maturity: 'emerging' | 'developing' | 'established' | 'leading'
  standard: 'urgent_improvement' | 'needs_attention' | 'expected_standard' | 'strong_standard' | 'exceptional'
  rag: 'red' | 'amber' | 'green' | 'blue'
  state: 'draft' | 'submitted' | 'signed_off' | 'shared'
  phase: 'primary' | 'secondary' | 'all_through' | 'special'
  school_status: 'joining' | 'active' | 'left'
  visit_kind: 'support' | 'plan_review' | 'graduated_approach' | 'learning_walk' | 'leaders' | 'follow_up' | 'drop_in'
  support_level: 'universal' | 'targeted' | 'intensive'
  evidence_kind: 'learning_walk' | 'work_scrutiny' | 'pupil_voice' | 'parent_voice' | 'staff_voice' | 'leader_meeting' | 'plan_sample' | 'environment' | 'provision' | 'document' | 'data' | 'website'
  points_to: 'strength' | 'mixed' | 'development'
  year_group: 'eyfs' | 'ks1' | 'lks2' | 'uks2' | 'ks3' | 'ks4' | 'ks5' | 'whole'
  broad_need: 'ci' | 'cl' | 'semh' | 'sp'
  people_in_photo: 'none' | 'staff_only' | 'pupils'
  redaction: 'not_checked' | 'checked' | 'redacted'
  priority_source: 'self_evaluation' | 'challenge_day' | 'external_review' | 'data' | 'trust' | 'inspection'
  action_status: 'not_started' | 'in_progress' | 'complete'
  impact: 'too_early' | 'not_yet' | 'some' | 'clear' | 'sustained'
  review_kind: 'challenge_day' | 'send_focused' | 'external_primary' | 'peer' | 'follow_up'
  activity_kind: 'leaders' | 'sendco' | 'learning_walk' | 'work_scrutiny' | 'pupils' | 'parents' | 'staff' | 'plans' | 'data' | 'team' | 'feedback'
  activity_status: 'planned' | 'started' | 'done'
  confidence: 'low' | 'medium' | 'high'
  urgency: 'this_year' | 'this_term' | 'this_half_term' | 'now'
  decision: 'accept' | 'decline'
  sign_outcome: 'signed' | 'sign_again' | 'undecided' | 'incomplete' | 'not_allowed' | 'first_of_two'
  notice_kind: 'restored' | 'possible_duplicate' | 'late_arrival' | 'sign_again'
  school_response: 'accept' | 'accept_in_part' | 'discuss'
  report_kind: 'visit_note' | 'review_report' | 'timetable' | 'review_pack'
  response_kind: 'comment' | 'factual_accuracy' | 'acknowledged' | 'reopened'
  response_status: 'open' | 'answered'
  mode: 'in_person' | 'online' | 'hybrid'
  item_kind: 'standing' | 'la_update' | 'guest' | 'good_practice' | 'moderation' | 'cpd' | 'aob'
  attendance: 'invited' | 'apologies' | 'online' | 'in_person'
  measure: 'roll' | 'attendance' | 'persistent_absence' | 'severe_absence' | 'suspensions' | 'suspension_rate' | 'one_plus_suspension' | 'permanent_exclusions' | 'part_time' | 'eyfs_gld' | 'phonics_y1' | 'ks2_rwm' | 'ks4_att8' | 'ks4_em5'
  pupil_group: 'all' | 'no_sen' | 'sen_support' | 'ehcp' | 'all_sen'
  data_source: 'mis' | 'dfe' | 'la' | 'school'
  device_state: 'active' | 'lost' | 'revoked' | 'retired'
  access_state: 'received' | 'searching' | 'redacting' | 'sent'
}

/** School */
export interface School {
  /** School name */
  name?: string
  /** Short name */
  short_name?: string
  /** URN */
  urn?: string
  /** Phase */
  phase?: Choices['phase']
  /** Hub */
  hub?: Id
  /** Headteacher */
  headteachers?: readonly Id[]
  /** SENDCo */
  sendcos?: readonly Id[]
  /** Number on roll */
  on_roll?: number
  /** Getting online here */
  getting_online?: string
  /** Status */
  status?: Choices['school_status']
}

/** Hub */
export interface Hub {
  /** Hub name */
  name?: string
  /** Phase */
  phase?: Choices['phase']
  /** Hub lead */
  leads?: readonly Id[]
  /** Focus this year */
  focus?: string
}

/** Member of staff */
export interface Person {
  /** Name */
  name?: string
  /** Job title */
  job?: string
  /** Work email */
  email?: string
  /** Schools */
  schools?: readonly Id[]
  /** Organisation */
  organisation?: string
  /** Started */
  from?: DateText
  /** Left */
  to?: DateText
}

/** Role */
export interface RoleAssignment {
  /** Person */
  person?: Id
  /** Role */
  role?: string
  /** Scope */
  scope?: string
  /** From */
  from?: DateText
  /** Until */
  to?: DateText
  /** Why */
  reason?: string
  /** Ended at */
  until?: Milliseconds
}

/** Term */
export interface Term {
  /** Term */
  name?: string
  /** Academic year */
  academic_year?: string
  /** Starts */
  starts?: DateText
  /** Ends */
  ends?: DateText
  /** Half term starts */
  half_term_starts?: DateText
  /** Half term ends */
  half_term_ends?: DateText
}

/** Framework version */
export interface FrameworkVersion {
  /** Title */
  title?: string
  /** Version */
  version?: string
  /** In use from */
  from?: DateText
  /** Introduction */
  introduction?: string
  /** Status */
  state?: Choices['state']
  /** Revision */
  revision?: number
}

/** Framework statement */
export interface FrameworkStatement {
  /** Framework */
  framework?: Id
  /** Area */
  area?: Choices['area']
  /** Code */
  code?: string
  /** Statement */
  statement?: string
  /** Questions to ask */
  ask?: string
  /** Evidence to look for */
  look_for?: string
  /** What each grade looks like */
  descriptors?: string
  /** Order */
  order?: string
}

/** Visit note */
export interface Visit {
  /** School */
  school?: Id
  /** Date of visit */
  date?: DateText
  /** Arrived */
  arrived?: Milliseconds
  /** Left */
  left?: Milliseconds
  /** Term */
  term?: Id
  /** Kind of visit */
  kind?: Choices['visit_kind']
  /** Written by */
  lead?: Id
  /** Met with */
  with?: readonly Id[]
  /** Others met (roles only) */
  with_roles?: string
  /** Framework areas */
  areas?: readonly (Choices['area'])[]
  /** Action plan priorities looked at */
  priorities?: readonly Id[]
  /** Purpose */
  purpose?: string
  /** Since the last visit */
  since_last?: string
  /** What is working well */
  strengths?: string
  /** What we found */
  findings?: string
  /** Impact seen */
  impact?: string
  /** Agreed next steps */
  next_steps?: string
  /** Support offered */
  support?: string
  /** Level of hub support */
  support_level?: Choices['support_level']
  /** Next visit */
  next_visit?: DateText
  /** I have passed a concern to the DSL */
  safeguarding_reported?: boolean
  /** Status */
  state?: Choices['state']
  /** Revision */
  revision?: number
}

/** Evidence */
export interface Evidence {
  /** Belongs to */
  parent?: Id
  /** School */
  school?: Id
  /** Activity */
  activity?: Id
  /** Seen */
  seen_at?: Milliseconds
  /** Kind of evidence */
  kind?: Choices['evidence_kind']
  /** Year groups */
  years?: readonly (Choices['year_group'])[]
  /** Subject or setting */
  subject?: string
  /** Broad area of need */
  needs?: readonly (Choices['broad_need'])[]
  /** In one line */
  summary?: string
  /** What was seen or said */
  detail?: string
  /** How many */
  sample?: number
  /** Points to */
  points_to?: Choices['points_to']
  /** Framework statements */
  statements?: readonly Id[]
  /** Framework areas */
  areas?: readonly (Choices['area'])[]
  /** Lines of enquiry */
  lines?: readonly (Choices['line'])[]
  /** Agrees with */
  supports?: readonly Id[]
  /** Noted by */
  by?: Id
}

/** Photo or file */
export interface Attachment {
  /** Belongs to */
  parent?: Id
  /** File name */
  name?: string
  /** Fingerprint */
  sha256?: string
  /** Kind of file */
  media_type?: string
  /** Size */
  bytes?: number
  /** Caption */
  caption?: string
  /** Description for people who cannot see it */
  alt?: string
  /** Taken */
  taken_at?: Milliseconds
  /** Who can be seen */
  people?: Choices['people_in_photo']
  /** Redaction */
  redaction?: Choices['redaction']
}

/** Self-evaluation */
export interface SelfEvaluation {
  /** School */
  school?: Id
  /** Framework */
  framework?: Id
  /** Term */
  term?: Id
  /** Completed by */
  contributors?: readonly Id[]
  /** Headline */
  headline?: string
  /** What parents and carers tell us */
  parent_voice?: string
  /** What pupils tell us */
  pupil_voice?: string
  /** Status */
  state?: Choices['state']
  /** Revision */
  revision?: number
}

/** Statement rating */
export interface StatementRating {
  /** Self-evaluation */
  self_evaluation?: Id
  /** Statement */
  statement?: Id
  /** School's grade */
  school_grade?: Choices['maturity']
  /** Why */
  school_reason?: string
  /** Hub lead's grade */
  verified_grade?: Choices['maturity']
  /** Why */
  verified_reason?: string
  /** Next step */
  next_step?: string
  /** Evidence */
  evidence?: readonly Id[]
}

/** Action plan */
export interface ActionPlan {
  /** School */
  school?: Id
  /** Academic year */
  academic_year?: string
  /** What we want for pupils with SEND */
  vision?: string
  /** Status */
  state?: Choices['state']
  /** Revision */
  revision?: number
}

/** Priority */
export interface Priority {
  /** Action plan */
  plan?: Id
  /** Priority */
  title?: string
  /** Why this matters */
  why?: string
  /** Comes from */
  source?: Choices['priority_source']
  /** Recommendations behind it */
  from?: readonly Id[]
  /** Framework areas */
  areas?: readonly (Choices['area'])[]
  /** Intended impact */
  intended_impact?: string
  /** How we will know */
  measures?: string
  /** Starting point */
  baseline?: string
  /** Owner */
  owner?: Id
  /** Progress: school's view */
  school_progress?: Choices['rag']
  /** Progress: hub lead's view */
  hub_progress?: Choices['rag']
  /** Order */
  order?: string
}

/** Action */
export interface Action {
  /** For */
  parent?: Id
  /** School */
  school?: Id
  /** What will be done */
  what?: string
  /** Lead */
  who?: Id
  /** With */
  helpers?: readonly Id[]
  /** By */
  due?: DateText
  /** Status */
  status?: Choices['action_status']
  /** Reopened */
  round?: number
  /** Done on */
  done_on?: DateText
  /** Stopped because */
  stopped?: string
  /** Notes */
  notes?: string
  /** Order */
  order?: string
}

/** Impact review */
export interface ImpactReview {
  /** Priority */
  priority?: Id
  /** Date */
  on?: DateText
  /** Impact so far */
  impact?: Choices['impact']
  /** How we know */
  evidence_text?: string
  /** Evidence */
  evidence?: readonly Id[]
  /** What next */
  next?: string
  /** Written by */
  by?: Id
}

/** Graduated Approach check */
export interface GaCheck {
  /** School */
  school?: Id
  /** Date */
  date?: DateText
  /** Plans sampled */
  sample?: number
  /** How the sample was chosen */
  basis?: string
  /** Assess */
  assess_grade?: Choices['maturity']
  /** Assess: notes */
  assess_note?: string
  /** Plan */
  plan_grade?: Choices['maturity']
  /** Plan: notes */
  plan_note?: string
  /** Do */
  do_grade?: Choices['maturity']
  /** Do: notes */
  do_note?: string
  /** Review */
  review_grade?: Choices['maturity']
  /** Review: notes */
  review_note?: string
  /** Parents and pupils in the cycle */
  parents?: string
  /** Next steps */
  next_steps?: string
  /** Status */
  state?: Choices['state']
  /** Revision */
  revision?: number
}

/** Data */
export interface DataPoint {
  /** School */
  school?: Id
  /** Term */
  term?: Id
  /** Measure */
  measure?: Choices['measure']
  /** Pupils */
  group?: Choices['pupil_group']
  /** Source */
  source?: Choices['data_source']
  /** Value */
  value?: number
  /** Number */
  numerator?: number
  /** Out of */
  denominator?: number
  /** Too few pupils to show */
  suppressed?: boolean
  /** As at */
  as_at?: DateText
}

/** Review */
export interface Review {
  /** School */
  school?: Id
  /** Kind of review */
  kind?: Choices['review_kind']
  /** Date */
  starts?: DateText
  /** Last day */
  ends?: DateText
  /** Term */
  term?: Id
  /** Lead reviewer */
  lead?: Id
  /** Review team */
  team?: readonly Id[]
  /** Partner trust or consultant */
  partner?: string
  /** Partner access ends */
  access_ends?: DateText
  /** Lines of enquiry */
  enquiry?: string
  /** Covers */
  lines?: readonly (Choices['line'])[]
  /** School context */
  context?: string
  /** Overall summary */
  summary?: string
  /** Strengths */
  strengths?: string
  /** Status */
  state?: Choices['state']
  /** Revision */
  revision?: number
}

/** Activity on the day */
export interface ReviewActivity {
  /** Review */
  review?: Id
  /** Starts */
  starts?: Milliseconds
  /** Ends */
  ends?: Milliseconds
  /** Activity */
  kind?: Choices['activity_kind']
  /** Where */
  place?: string
  /** Reviewers */
  who?: readonly Id[]
  /** With (roles only) */
  with_roles?: string
  /** Status */
  status?: Choices['activity_status']
  /** Note */
  note?: string
  /** Order */
  order?: string
}

/** My view */
export interface ReviewerView {
  /** Review */
  review?: Id
  /** Line of enquiry */
  line?: Choices['line']
  /** Reviewer */
  reviewer?: Id
  /** Grade I would give */
  grade?: Choices['standard']
  /** Because */
  reason?: string
  /** How sure */
  confidence?: Choices['confidence']
}

/** Agreed judgement */
export interface Judgement {
  /** Review */
  review?: Id
  /** Line of enquiry */
  line?: Choices['line']
  /** Agreed grade */
  grade?: Choices['standard']
  /** Why */
  rationale?: string
  /** Evidence that supports it */
  evidence?: readonly Id[]
  /** Agreed by */
  agreed_by?: readonly Id[]
}

/** Recommendation */
export interface Recommendation {
  /** Review */
  review?: Id
  /** Recommendation */
  text?: string
  /** Because */
  why?: string
  /** Framework areas */
  areas?: readonly (Choices['area'])[]
  /** Lines of enquiry */
  lines?: readonly (Choices['line'])[]
  /** How soon */
  urgency?: Choices['urgency']
  /** What success looks like */
  success?: string
  /** Evidence */
  evidence?: readonly Id[]
  /** Order */
  order?: string
}

/** Shared report */
export interface SharedReport {
  /** Kind */
  kind?: Choices['report_kind']
  /** From */
  source?: Id
  /** School */
  school?: Id
  /** Revision */
  revision?: number
  /** Title */
  title?: string
  /** Content */
  content?: string
  /** Fingerprint */
  content_hash?: string
  /** Shared */
  shared_at?: Milliseconds
  /** Shared with */
  shared_with?: readonly Id[]
  /** Replaces */
  replaces?: Id
}

/** School's reply to a recommendation */
export interface RecommendationReply {
  /** Report */
  report?: Id
  /** Recommendation */
  recommendation?: Id
  /** Answer */
  answer?: Choices['school_response']
  /** Comment */
  comment?: string
  /** Now in our plan as */
  priority?: Id
}

/** Comment or response */
export interface Response {
  /** About */
  parent?: Id
  /** Kind */
  kind?: Choices['response_kind']
  /** Comment */
  text?: string
  /** From */
  by?: Id
  /** Answer */
  answer?: string
  /** Status */
  status?: Choices['response_status']
}

/** Sign-off */
export interface Signoff {
  /** Signs */
  record?: Id
  /** Revision */
  revision?: number
  /** Fingerprint of what was read */
  content_hash?: string
  /** Signed by */
  by?: Id
  /** As */
  as_role?: string
  /** Signed at */
  at?: Milliseconds
  /** Statement */
  words?: string
  /** What came of it */
  outcome?: Choices['sign_outcome']
  /** What the signer had not seen */
  differs?: string
}

/** Network meeting */
export interface Meeting {
  /** Title */
  title?: string
  /** Term */
  term?: Id
  /** Starts */
  starts?: Milliseconds
  /** Ends */
  ends?: Milliseconds
  /** How */
  mode?: Choices['mode']
  /** Where */
  venue?: string
  /** Link to join */
  link?: string
  /** Chair */
  chair?: Id
  /** Note takers */
  note_takers?: readonly Id[]
  /** Purpose */
  purpose?: string
  /** Key messages */
  summary?: string
  /** Status */
  state?: Choices['state']
  /** Revision */
  revision?: number
}

/** Agenda item */
export interface AgendaItem {
  /** Meeting */
  meeting?: Id
  /** Item */
  title?: string
  /** Kind */
  kind?: Choices['item_kind']
  /** Speaker and organisation */
  speaker?: string
  /** Minutes planned */
  minutes_planned?: number
  /** Notes */
  notes?: string
  /** Decisions */
  decisions?: string
  /** Resources */
  resources?: readonly Id[]
  /** Order */
  order?: string
}

/** Attendance */
export interface MeetingAttendance {
  /** Meeting */
  meeting?: Id
  /** Person */
  person?: Id
  /** Attendance */
  status?: Choices['attendance']
  /** School */
  school?: Id
}

/** Shared resource */
export interface Resource {
  /** Title */
  title?: string
  /** What it is and how we use it */
  summary?: string
  /** From */
  from_school?: Id
  /** Framework areas */
  areas?: readonly (Choices['area'])[]
  /** Link */
  link?: string
}

/** Device */
export interface Device {
  /** Label */
  label?: string
  /** Asset tag */
  asset?: string
  /** Used by */
  person?: Id
  /** Platform */
  platform?: string
  /** App version */
  app_version?: string
  /** Enrolled */
  enrolled?: Milliseconds
  /** Last seen */
  last_seen?: Milliseconds
  /** Last time everything was sent */
  last_complete?: Milliseconds
  /** Changes waiting */
  unsent?: number
  /** Photos waiting */
  unsent_files?: number
  /** Storage is protected */
  storage_kept?: boolean
  /** State */
  state?: Choices['device_state']
  /** Re-enrolled */
  round?: number
  /** Wipe asked */
  wipe_asked?: Milliseconds
  /** Wipe confirmed */
  wipe_done?: Milliseconds
}

/** Decision needed */
export interface Conflict {
  /** Record */
  record?: Id
  /** Field or group */
  field?: string
  /** Versions */
  values?: string
  /** Who decides */
  resolver?: string
  /** Found */
  found?: Milliseconds
  /** Chosen */
  chosen?: string
  /** Reason */
  reason?: string
  /** Decided by */
  by?: Id
  /** Decided */
  decided?: Milliseconds
}

/** Late change */
export interface Amendment {
  /** Record */
  record?: Id
  /** Arrived after revision */
  revision?: number
  /** Change */
  change?: string
  /** Made by */
  by?: Id
  /** Made */
  made?: Milliseconds
  /** Why it was held */
  why_held?: string
  /** Decision */
  decision?: Choices['decision']
  /** Decided by */
  decided_by?: Id
  /** Number of the held change */
  held?: number
  /** Why it was declined */
  reason?: string
}

/** Notice */
export interface Notice {
  /** Record */
  record?: Id
  /** What happened */
  kind?: Choices['notice_kind']
  /** The other record */
  other?: Id
  /** When */
  at?: Milliseconds
  /** For */
  people?: readonly Id[]
}

/** Audit entry */
export interface AuditEvent {
  /** When */
  at?: Milliseconds
  /** Who */
  who?: Id
  /** Device */
  device?: Id
  /** Action */
  action?: string
  /** Record */
  record?: Id
  /** Detail */
  detail?: string
  /** Chain */
  chain?: string
}

/** Access request */
export interface AccessRequest {
  /** Reference */
  reference?: string
  /** Received */
  received?: DateText
  /** Due */
  due?: DateText
  /** About */
  subject?: string
  /** Search terms and dates */
  terms?: string
  /** State */
  state?: Choices['access_state']
  /** Exported */
  exported?: Milliseconds
  /** Notes */
  notes?: string
}

/** Hold */
export interface RetentionHold {
  /** Records held */
  scope?: string
  /** Reason */
  reason?: string
  /** Placed by */
  by?: Id
  /** From */
  from?: DateText
  /** Released */
  released?: DateText
}

/** Disposal certificate */
export interface Disposal {
  /** Rule */
  rule?: string
  /** Records dated before */
  before?: DateText
  /** Records */
  count?: number
  /** Files */
  files?: number
  /** Approved by */
  approved_by?: Id
  /** Done */
  done?: Milliseconds
  /** Fingerprint */
  chain?: string
}

export interface Records {
  school: School
  hub: Hub
  person: Person
  role_assignment: RoleAssignment
  term: Term
  framework_version: FrameworkVersion
  framework_statement: FrameworkStatement
  visit: Visit
  evidence: Evidence
  attachment: Attachment
  self_evaluation: SelfEvaluation
  statement_rating: StatementRating
  action_plan: ActionPlan
  priority: Priority
  action: Action
  impact_review: ImpactReview
  ga_check: GaCheck
  data_point: DataPoint
  review: Review
  review_activity: ReviewActivity
  reviewer_view: ReviewerView
  judgement: Judgement
  recommendation: Recommendation
  shared_report: SharedReport
  recommendation_reply: RecommendationReply
  response: Response
  signoff: Signoff
  meeting: Meeting
  agenda_item: AgendaItem
  meeting_attendance: MeetingAttendance
  resource: Resource
  device: Device
  conflict: Conflict
  amendment: Amendment
  notice: Notice
  audit_event: AuditEvent
  access_request: AccessRequest
  retention_hold: RetentionHold
  disposal: Disposal
}
