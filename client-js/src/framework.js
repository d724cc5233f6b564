// Made from schema/records.json by schema/generate.mjs.
// prettier-ignore
export const FRAMEWORK = {
 "title": "SEND Leadership and Self Evaluation Framework",
 "version": "1.0 (sample text, written for this product)",
 "scale": "maturity",
 "areas": [
  {
   "code": "LM",
   "title": "Leadership and Management",
   "statements": [
    {
     "code": "LM1",
     "statement": "Leaders share a clear, ambitious vision for pupils with SEND that staff can describe in their own words.",
     "ask": "What would staff say we want for pupils with SEND? How do you know they would say it?",
     "look_for": "Staff discussion; school development plan; induction"
    },
    {
     "code": "LM2",
     "statement": "The SENDCo has the time, status and qualification to lead strategically and works closely with the headteacher and SLT.",
     "ask": "How much protected time is there, and what is it spent on? Is the SENDCo part of SLT decisions?",
     "look_for": "Timetable; SLT minutes; job description"
    },
    {
     "code": "LM3",
     "statement": "SEND runs through the school development plan, and actions are checked for impact at least each half term.",
     "ask": "Which priority has made most difference this year? What have you stopped doing?",
     "look_for": "Development plan; impact reviews; governor minutes"
    },
    {
     "code": "LM4",
     "statement": "Trustees and local governors ask well-informed questions about SEND and hold leaders to account.",
     "ask": "What did the link governor find on the last visit, and what changed?",
     "look_for": "Visit reports; minutes; SEN information report"
    },
    {
     "code": "LM5",
     "statement": "Resources, including the notional SEN budget and TA deployment, are matched to need and reviewed.",
     "ask": "How do you decide what to fund, and how do you know it works?",
     "look_for": "Provision costings; deployment plan"
    },
    {
     "code": "LM6",
     "statement": "The school meets its statutory duties: SEN information report, accessibility plan, policy and records are current.",
     "ask": "When was each last reviewed, and with whom?",
     "look_for": "Website check; policies"
    }
   ]
  },
  {
   "code": "ID",
   "title": "Identification",
   "statements": [
    {
     "code": "ID1",
     "statement": "Needs are identified early through a consistent process that starts with high-quality teaching.",
     "ask": "What happens between a first concern and SEN support?",
     "look_for": "Concern forms; flow chart; staff discussion"
    },
    {
     "code": "ID2",
     "statement": "Identification draws on several sources: teacher assessment, screening, parents, pupil and outside professionals.",
     "ask": "Which screening tools do you use, and what do they not tell you?",
     "look_for": "Assessment records; plans"
    },
    {
     "code": "ID3",
     "statement": "Teachers know which pupils have SEND, what their barriers are, and can explain how they meet them.",
     "ask": "Choose a class: can the teacher tell you the barriers and the adaptations?",
     "look_for": "Teacher discussion; pupil profiles; lesson visits"
    },
    {
     "code": "ID4",
     "statement": "The SEN register is accurate, reviewed each term, and pupils move on and off it for clear reasons.",
     "ask": "Who came off the register this year, and why?",
     "look_for": "Register over time; comparison with national and trust"
    },
    {
     "code": "ID5",
     "statement": "EAL, disadvantage, attendance and behaviour are considered carefully and not confused with SEN.",
     "ask": "How do you avoid over- and under-identification?",
     "look_for": "Register by group; case discussion"
    },
    {
     "code": "ID6",
     "statement": "Transition information reaches the next teacher, phase or school in time to be used.",
     "ask": "What did you know before the first day in September?",
     "look_for": "Transition records; Year 7 and EYFS staff"
    }
   ]
  },
  {
   "code": "TM",
   "title": "Tracking and Monitoring",
   "statements": [
    {
     "code": "TM1",
     "statement": "Progress from starting points is tracked for pupils with SEND, including small steps where needed.",
     "ask": "How do you show progress for pupils working well below age expectations?",
     "look_for": "Tracking; small-step assessment; work"
    },
    {
     "code": "TM2",
     "statement": "Plans have specific, measurable outcomes and are reviewed at least termly with parents and pupils.",
     "ask": "How many targets were met last term, and what changed as a result?",
     "look_for": "Plan sample; review records"
    },
    {
     "code": "TM3",
     "statement": "Leaders analyse attendance, suspensions and behaviour for pupils with SEND and act on what they find.",
     "ask": "What does the data tell you that surprised you?",
     "look_for": "Data reports; attendance plans; suspension reviews"
    },
    {
     "code": "TM4",
     "statement": "The impact of interventions is measured at the start and end, and ineffective ones are changed.",
     "ask": "Which intervention did you stop last year?",
     "look_for": "Entry and exit data; provision map"
    },
    {
     "code": "TM5",
     "statement": "Pupil progress meetings give proper time to pupils with SEND.",
     "ask": "What decisions came out of the last one?",
     "look_for": "Meeting notes"
    },
    {
     "code": "TM6",
     "statement": "Parents and carers understand how their child is doing and contribute to decisions.",
     "ask": "What do parents say about review meetings?",
     "look_for": "Parent voice; attendance at reviews"
    }
   ]
  },
  {
   "code": "TL",
   "title": "High Quality Teaching and Learning",
   "statements": [
    {
     "code": "TL1",
     "statement": "Lessons are adapted so that pupils with SEND learn the same ambitious curriculum as their peers.",
     "ask": "What did the lowest-attaining pupils learn in that lesson?",
     "look_for": "Lesson visits; work; pupil voice"
    },
    {
     "code": "TL2",
     "statement": "Teachers take responsibility for the progress of every pupil, including those supported by a TA.",
     "ask": "Who plans for, teaches and checks the learning of pupils with most need?",
     "look_for": "Lesson visits; planning; staff discussion"
    },
    {
     "code": "TL3",
     "statement": "Teaching assistants are trained and deployed to build independence.",
     "ask": "When do TAs step back? How do they know when to?",
     "look_for": "TA discussion; lesson visits"
    },
    {
     "code": "TL4",
     "statement": "Classrooms are calm, well organised and reduce barriers for pupils with sensory, language and attention needs.",
     "ask": "What would a pupil with language needs find helpful in this room?",
     "look_for": "Environment walk; visual supports"
    },
    {
     "code": "TL5",
     "statement": "Early reading and language are prioritised for pupils who have fallen behind, at any age.",
     "ask": "Who are the lowest 20% of readers, and what do they get each day?",
     "look_for": "Reading records; listening to readers"
    },
    {
     "code": "TL6",
     "statement": "Staff training on SEND is planned from need, followed up and seen in classrooms.",
     "ask": "What has changed in lessons because of the last training?",
     "look_for": "CPD plan; lesson visits"
    }
   ]
  },
  {
   "code": "DP",
   "title": "Developing Provision",
   "statements": [
    {
     "code": "DP1",
     "statement": "Provision is mapped, evidence-informed and additional to, not instead of, good teaching.",
     "ask": "How do you decide who gets what, and when it ends?",
     "look_for": "Provision map; timetables"
    },
    {
     "code": "DP2",
     "statement": "The Graduated Approach is understood and used in the same way by all staff.",
     "ask": "Talk me through one assess, plan, do, review cycle.",
     "look_for": "Plan sample; staff discussion"
    },
    {
     "code": "DP3",
     "statement": "Work with outside agencies is timely and their advice is visible in plans and lessons.",
     "ask": "What did the last report recommend, and where can I see it?",
     "look_for": "Reports; plans; lessons"
    },
    {
     "code": "DP4",
     "statement": "Pupils with SEND take part in clubs, trips and leadership roles as much as their peers.",
     "ask": "What share of pupils with SEND attend a club or have a role?",
     "look_for": "Participation data; pupil voice"
    },
    {
     "code": "DP5",
     "statement": "Preparing for adulthood and for the next phase is planned from the earliest years.",
     "ask": "How are independence and aspirations built each year?",
     "look_for": "Plans; careers; transition"
    },
    {
     "code": "DP6",
     "statement": "The school learns from and contributes to the trust's SEND Network and hub.",
     "ask": "What have you brought back from the network, and what have you offered?",
     "look_for": "Network notes; resources; visit notes"
    }
   ]
  }
 ]
}
